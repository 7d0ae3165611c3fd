import type { OperationRow } from "@postback/database";
import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentOperation } from "./present-operation.ts";

export interface ShowOperationOptions {
  store: Pick<IngestStore, "loadOperation">;
}

export function showOperation({ store }: ShowOperationOptions): Handler {
  return async (ctx, { tenantId }) => {
    const id = idParam(ctx, "id");
    const row = id === undefined ? undefined : await store.loadOperation(tenantId, id);
    if (row === undefined) throw notFound("operation");
    sendJson(ctx, 200, JSON.stringify(presentOperation(await originalOf(store, tenantId, row))));
  };
}

/** Every read of a twin shows the original, under the original's own id, and says so (design §4, Idempotency). */
export async function originalOf(
  store: ShowOperationOptions["store"],
  tenantId: string,
  row: OperationRow,
): Promise<OperationRow> {
  if (row.duplicateOf === null) return row;
  const original = await store.loadOperation(tenantId, row.duplicateOf);
  if (original === undefined) throw notFound("operation");
  return { ...original, duplicateOf: original.id };
}
