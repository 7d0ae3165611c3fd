import type { RequestedChange } from "@postback/database";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentOperation } from "./present-operation.ts";
import { seenOperation } from "./seen-operation.ts";
import { originalOf, unknownOperation } from "./show-operation.ts";

export interface RequestChangeOptions {
  store: Pick<IngestStore, "loadOperation" | "requestOperation">;
}

/**
 * Asks for an operation to be cancelled, or for a stuck one's compensation to be retried or skipped. Only the owner of
 * its partition acts on it, so the answer is 202 with the operation as it still is.
 */
export function requestChange(kind: RequestedChange["kind"], { store }: RequestChangeOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId, keyId } = caller;
    const id = idParam(ctx, "id");
    const row = seenOperation(id === undefined ? undefined : await store.loadOperation(tenantId, id), caller);
    if (row === undefined) throw unknownOperation(id, Date.now());
    const original = await originalOf(store, tenantId, row);
    const result = await store.requestOperation(tenantId, original.id, { kind, by: keyId });
    if (result.kind === "unknown") throw notFound("operation");
    if (result.kind === "refused") throw refused(kind, result.operation.status);
    ctx.set("Location", `/v1/operations/${original.id}`);
    sendJson(ctx, 202, JSON.stringify(presentOperation(result.operation)));
  };
}

function refused(kind: RequestedChange["kind"], status: string): Refusal {
  if (kind === "cancel") return new Refusal("operation-ended", `The operation has ended already: it is ${status}.`);
  const detail = `Only what a stuck operation could not undo can be retried or skipped; this one is ${status}.`;
  return new Refusal("operation-not-stuck", detail);
}
