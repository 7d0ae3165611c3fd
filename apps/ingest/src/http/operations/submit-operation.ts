import type { OperationRow } from "@postback/database";
import type { Context } from "koa";
import type { Accepted, AcceptOperation } from "../../accept-operation.ts";
import type { Caller } from "../../auth/known-keys.ts";
import { isAway } from "../../is-away.ts";
import type { RetryAfterSeconds } from "../../lag/retry-after.ts";
import type { IngestStore } from "../../store.ts";
import type { Waits } from "../../waits/waits.ts";
import { sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { readPrefer } from "../prefer.ts";
import { traceparentOf } from "../traceparent.ts";
import { clientGone, inWaitPlace } from "../waiting.ts";
import { presentOperation } from "./present-operation.ts";
import { idempotencyKeyOf, readWrite, type WritableTypes, writeSchema } from "./read-write.ts";
import { originalOf } from "./show-operation.ts";

export interface SubmitOperationOptions {
  acceptOperation: AcceptOperation;
  catalog: WritableTypes;
  store: Pick<IngestStore, "loadOperation">;
  waits: Waits;
  retryAfterSeconds: RetryAfterSeconds;
}

/** A write with sync steps is there when it is answered: by this request, or by an earlier one that this repeats. */
export const statuses = { accepted: 202, made: 201, found: 200 } as const satisfies Record<Accepted["kind"], number>;

/** Takes a write; with `Prefer: wait=N` the answer waits for its end, and is 200 where it came in time. */
export function submitOperation(options: SubmitOperationOptions): Handler {
  const { acceptOperation, catalog, retryAfterSeconds } = options;
  return async (ctx, caller) => {
    const { headers } = ctx.req;
    const idempotencyKey = idempotencyKeyOf(headers["idempotency-key"]);
    const body = await readJsonAs(ctx.req, writeSchema);
    const traceparent = traceparentOf(headers["traceparent"] as string | undefined);
    const accepted = await acceptOperation(readWrite(catalog, { ...body, idempotencyKey }, caller, traceparent));
    const { operation, waited } = await afterWaiting(options, ctx, caller, accepted.operation);
    const hasEnded = waited && accepted.kind === "accepted" && operation.completedAt !== null;
    const status = hasEnded ? 200 : statuses[accepted.kind];
    ctx.res.setHeader("location", `/v1/operations/${operation.id}`);
    if (status === 202 || operation.completedAt === null) {
      ctx.res.setHeader("retry-after", String(retryAfterSeconds(operation.partition)));
    }
    sendJson(ctx, status, JSON.stringify(presentOperation(operation)));
  };
}

interface Waited {
  operation: OperationRow;
  /** The client wanted to wait, and could. */
  waited: boolean;
}

/** The operation as it is after the client's preference was honoured, as far as it could be. */
async function afterWaiting(
  options: SubmitOperationOptions,
  ctx: Context,
  { tenantId, keyId }: Caller,
  operation: OperationRow,
): Promise<Waited> {
  const preference = readPrefer(ctx.req.headers["prefer"] as string | undefined);
  if (preference === undefined) return { operation, waited: false };
  if (preference.waitSeconds > 0 && operation.completedAt === null) {
    const { operations, places } = options.waits;
    const wait = { timeoutMs: preference.waitSeconds * 1000, signal: clientGone(ctx) };
    const hadPlace = await inWaitPlace(ctx, places, keyId, () =>
      operations.until({ tenantId, id: operation.id }, { ...wait, isOver: (mark) => mark?.ended === true }),
    );
    if (!hadPlace) return { operation, waited: false };
  }
  ctx.res.setHeader("preference-applied", preference.applied);
  if (preference.waitSeconds === 0) return { operation, waited: false };
  return { operation: await asItIs(options.store, operation), waited: true };
}

/** It was accepted, and that is answered, also where it can't be looked at any more. */
async function asItIs(store: SubmitOperationOptions["store"], operation: OperationRow): Promise<OperationRow> {
  try {
    const row = await store.loadOperation(operation.tenantId, operation.id);
    return row === undefined ? operation : await originalOf(store, operation.tenantId, row);
  } catch (error) {
    if (isAway(error)) return operation;
    throw error;
  }
}
