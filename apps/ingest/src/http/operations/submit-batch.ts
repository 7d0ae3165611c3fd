import { type BatchResult, batchItemSchema, limits, problems } from "@postback/contracts";
import type { Logger } from "@postback/runtime";
import { z } from "zod";
import type { Accepted, AcceptOperations } from "../../accept-operation.ts";
import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput, Refusal } from "../../refusal.ts";
import type { ValidWrite } from "../../valid-write.ts";
import { sendJson } from "../context.ts";
import { fieldErrors } from "../field-errors.ts";
import { readJsonAs } from "../json-request.ts";
import { problemOf, refusalOf } from "../middleware/answer-problems.ts";
import type { Handler } from "../middleware/authorize.ts";
import { traceparentOf } from "../traceparent.ts";
import { presentOperation } from "./present-operation.ts";
import { readWrite, type WritableTypes, writeSchema } from "./read-write.ts";
import { statuses } from "./submit-operation.ts";

export interface SubmitBatchOptions {
  acceptOperations: AcceptOperations;
  catalog: WritableTypes;
  logger: Logger;
}

const itemSchema = writeSchema.extend({ idempotencyKey: batchItemSchema.shape.idempotencyKey });
/** Only the frame: a write that breaks a rule is one refused write, not a refused batch. */
const bodySchema = z.strictObject({ operations: z.array(z.unknown()).min(1).max(limits.batchOperationsMax) });

/** Takes up to 1,000 writes; each has a result of its own, in their order. */
export function submitBatch({ acceptOperations, catalog, logger }: SubmitBatchOptions): Handler {
  return async (ctx, caller) => {
    refuseKeyOfBatch(ctx.req.headers["idempotency-key"]);
    const { operations } = await readJsonAs(ctx.req, bodySchema, limits.batchBodyMaxBytes);
    const traceparent = traceparentOf(ctx.req.headers["traceparent"] as string | undefined);
    const writes = operations.map((each) => readItem(catalog, each, caller, traceparent));
    const accepted = await acceptOperations(writes.filter((write): write is ValidWrite => !(write instanceof Refusal)));
    let next = 0;
    const results = writes.map((write): BatchResult => {
      if (write instanceof Refusal) return refused(write);
      const outcome = accepted[next++];
      if (outcome?.status === "fulfilled") return taken(outcome.value);
      return refused(refusalOf(outcome?.reason, { route: "/v1/operations/batch" }, logger));
    });
    sendJson(ctx, 200, JSON.stringify({ results }));
  };
}

/** Only writes have keys: one for the whole would be taken for all of them, or for none. */
function refuseKeyOfBatch(key: unknown): void {
  if (key === undefined) return;
  throw new Refusal("invalid-input", "A batch has no Idempotency-Key: give each write its own, as idempotencyKey.");
}

function readItem(catalog: WritableTypes, item: unknown, caller: Caller, traceparent: string): ValidWrite | Refusal {
  try {
    const parsed = itemSchema.safeParse(item);
    if (!parsed.success) throw invalidInput(fieldErrors(parsed.error));
    return readWrite(catalog, parsed.data, caller, traceparent);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const taken = ({ kind, operation }: Accepted): BatchResult => ({
  status: statuses[kind],
  operation: presentOperation(operation),
});

const refused = (refusal: Refusal): BatchResult => ({
  status: problems[refusal.code].status,
  problem: problemOf(refusal.code, refusal),
});
