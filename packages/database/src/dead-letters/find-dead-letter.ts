import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import {
  type DeadLetterOwner,
  type DeadLetterPlace,
  type FoundDeadLetter,
  listedColumns,
  messageColumns,
  nameFor,
  ownedBy,
  tenantOf,
} from "./dead-letter-row.ts";

const find = (owner: DeadLetterOwner) =>
  statement(
    nameFor("find_dead_letter", owner),
    `SELECT ${listedColumns}, ${messageColumns} FROM dead_letters d
     WHERE ${ownedBy(owner)} AND d.topic = $2 AND d.partition = $3 AND d."offset" = $4`,
  );

/** The letter of a place, with the message. */
export async function findDeadLetter(
  db: Database,
  owner: DeadLetterOwner,
  { topic, partition, offset }: DeadLetterPlace,
): Promise<FoundDeadLetter | undefined> {
  const [row] = await run<FoundDeadLetter>(db.pool, find(owner), [tenantOf(owner), topic, partition, offset]);
  return row;
}
