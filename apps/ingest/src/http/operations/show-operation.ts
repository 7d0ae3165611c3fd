import type { OperationRow } from "@postback/database";
import { isUuidV7, timeOfUuidV7 } from "@postback/domain";
import { notFound, type Refusal, unavailable } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentOperation } from "./present-operation.ts";
import { seenOperation } from "./seen-operation.ts";

export interface ShowOperationOptions {
  store: Pick<IngestStore, "loadOperation">;
}

export function showOperation({ store }: ShowOperationOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId } = caller;
    const id = idParam(ctx, "id");
    const row = seenOperation(id === undefined ? undefined : await store.loadOperation(tenantId, id), caller);
    if (row === undefined) throw unknownOperation(id, Date.now());
    sendJson(ctx, 200, JSON.stringify(presentOperation(await originalOf(store, tenantId, row))));
  };
}

/** An operation that was answered 202 has its row at once, or soon, if Postgres is slow or was away. */
const rowWaitMaxMs = 60_000;

/** Never a false 404 (design §4): what may have been accepted a moment ago is not known yet, which is something else. */
export function unknownOperation(id: string | undefined, nowMs: number): Refusal {
  const isYoung = id !== undefined && isUuidV7(id) && Math.abs(nowMs - timeOfUuidV7(id)) < rowWaitMaxMs;
  return isYoung
    ? unavailable("This operation is not known here yet; if it was accepted, it soon will be.")
    : notFound("operation");
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
