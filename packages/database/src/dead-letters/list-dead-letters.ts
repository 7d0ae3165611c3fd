import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import {
  type DeadLetterFilter,
  type DeadLetterOwner,
  type DeadLetterPlace,
  filterConditions,
  filterValues,
  type ListedDeadLetter,
  listedColumns,
  nameFor,
  ownedBy,
  tenantOf,
} from "./dead-letter-row.ts";

export interface DeadLetterPage extends DeadLetterFilter {
  /** open, redriven or discarded. */
  status?: string | undefined;
  /** The last one of the page before. */
  after?: (DeadLetterPlace & { createdAtUs: number }) | undefined;
  limit: number;
}

const list = (owner: DeadLetterOwner) =>
  statement(
    nameFor("list_dead_letters", owner),
    `SELECT ${listedColumns} FROM dead_letters d
     WHERE ${ownedBy(owner)} AND ${filterConditions}
       AND ($6::text IS NULL OR $6 = CASE WHEN d.discarded_at IS NOT NULL THEN 'discarded'
         WHEN d.redriven_at IS NOT NULL THEN 'redriven' ELSE 'open' END)
       AND ($7::double precision IS NULL OR (d.created_at, d.topic, d.partition, d."offset")
         < (timestamptz 'epoch' + $7 * interval '1 microsecond', $8::text, $9::integer, $10::bigint))
     ORDER BY d.created_at DESC, d.topic DESC, d.partition DESC, d."offset" DESC LIMIT $11`,
  );

/** Letters without their messages, the newest first. What is added or decided meanwhile moves none of the later pages. */
export async function listDeadLetters(
  db: Database,
  owner: DeadLetterOwner,
  { status, after, limit, ...filter }: DeadLetterPage,
): Promise<ListedDeadLetter[]> {
  const beyond = [after?.createdAtUs, after?.topic, after?.partition, after?.offset].map((part) => part ?? null);
  const values = [tenantOf(owner), ...filterValues(filter), status ?? null, ...beyond, limit];
  return await run<ListedDeadLetter>(db.pool, list(owner), values);
}
