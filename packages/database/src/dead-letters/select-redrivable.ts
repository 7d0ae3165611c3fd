import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import {
  type DeadLetterFilter,
  type DeadLetterOwner,
  type DeadLetterPlace,
  filterConditions,
  filterValues,
  isOpen,
  nameFor,
  ownedBy,
  tenantOf,
} from "./dead-letter-row.ts";

const select = (owner: DeadLetterOwner) =>
  statement(
    nameFor("select_redrivable", owner),
    `SELECT d.topic, d.partition, d."offset"::double precision AS "offset" FROM dead_letters d
     WHERE ${ownedBy(owner)} AND ${filterConditions} AND ${isOpen} AND d.header IS NOT NULL
     ORDER BY d.topic, d.partition, d."offset" LIMIT $6`,
  );

/**
 * Open letters that can be sent again, in the order of the log: that is how an entity's stay in order. One without our
 * header isn't among them; it would only be given up again.
 */
export async function selectRedrivable(
  db: Database,
  owner: DeadLetterOwner,
  filter: DeadLetterFilter,
  limit: number,
): Promise<DeadLetterPlace[]> {
  return await run<DeadLetterPlace>(db.pool, select(owner), [tenantOf(owner), ...filterValues(filter), limit]);
}
