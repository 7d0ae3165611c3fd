import { type AmbiguousOutcome, type Database, endBackend, loadOperation } from "@postback/database";
import { keepTrying, type Logger } from "@postback/runtime";
import type { Accepted } from "../accept-operation.ts";
import { unavailable } from "../refusal.ts";
import type { Command } from "../valid-write.ts";

/** How long a caller waits to be told, milliseconds. */
const giveUpAfterMs = 3_000;

/**
 * Finds out what came of a transaction whose answer to COMMIT was lost. Its connection is ended on the server first, so
 * that nothing of it can take effect later; then the row is there or never will be.
 * @throws {Refusal} unavailable: nothing was done, or that can't be known
 */
export async function whetherMade(
  { db, logger }: { db: Database; logger: Logger },
  { tenantId, id }: Command,
  lost: AmbiguousOutcome,
): Promise<Accepted> {
  const look = async () => {
    if (lost.backendPid !== undefined) await endBackend(db, lost.backendPid);
    return await loadOperation(db, tenantId, id);
  };
  const fields = { operationId: id };
  const operation = await keepTrying(look, { logger, event: "write.not-resolved", fields, giveUpAfterMs }).catch(
    (error: unknown) => {
      const advice = "Try again, with the same Idempotency-Key or id";
      throw unavailable(`Postgres went away in the middle; it may have done this. ${advice}.`, error);
    },
  );
  if (operation === undefined) throw unavailable("Postgres went away in the middle; nothing was done.", lost);
  return { kind: "made", operation };
}
