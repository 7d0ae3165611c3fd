import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type DeadLetterOwner, type DeadLetterPlace, isOpen, nameFor, ownedBy, tenantOf } from "./dead-letter-row.ts";

const discard = (owner: DeadLetterOwner) =>
  statement(
    nameFor("discard_dead_letter", owner),
    `UPDATE dead_letters d SET discarded_at = now()
     WHERE ${ownedBy(owner)} AND d.topic = $2 AND d.partition = $3 AND d."offset" = $4 AND ${isOpen}`,
  );

/** Decides that an open letter is not to be redriven. One that isn't open stays as it is. */
export async function discardDeadLetter(
  db: Database,
  owner: DeadLetterOwner,
  { topic, partition, offset }: DeadLetterPlace,
): Promise<void> {
  await run(db.pool, discard(owner), [tenantOf(owner), topic, partition, offset]);
}
