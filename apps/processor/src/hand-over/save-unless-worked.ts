import { type CheckpointResult, type Database, lockOperation, type TransactionClient } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { CheckpointRequest } from "../steps/checkpoint-request.ts";
import { type Attempted, saveInTransaction } from "../steps/save-in-transaction.ts";
import { takeResult } from "./take-result.ts";

/**
 * Saves a checkpoint that takes a step back from its queue (a cancel, a deadline). A worker's transaction may be about to
 * commit the step's effect with its result: the row is locked first, which waits for it, and if a result is there then,
 * nothing is saved, since that result has to be taken before anything else.
 */
export async function saveUnlessWorked(
  db: Database,
  request: CheckpointRequest,
  logger: Logger,
): Promise<CheckpointResult | "worked"> {
  const before = async (client: TransactionClient): Promise<Attempted<"worked">> => {
    await lockOperation(client, request.row);
    const result = await takeResult(db, request.row, client);
    return result ? { value: "worked", end: "rollback" } : { request };
  };
  const saved = await saveInTransaction(db, before, logger);
  return "value" in saved ? saved.value : saved.result;
}
