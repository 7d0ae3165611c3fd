import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface UnfinishedRevision {
  type: string;
  revision: number;
  operations: number;
}

export interface Unfinished {
  /** Those that have any, by type and revision. */
  revisions: UnfinishedRevision[];
  /** More than `operationsMax` are unfinished, and not all were counted: each number is the least that there are. */
  isLeast: boolean;
}

/** The rows of the index operations_entity_unfinished_idx: unfinished operations alone, however many have ended. */
const count = (where: string, name: string) =>
  statement(
    name,
    `SELECT type, revision, count(*)::int AS operations FROM (
       SELECT o.type, o.revision FROM operations o WHERE o.completed_at IS NULL ${where} LIMIT $1) AS unfinished
     GROUP BY type, revision ORDER BY type, revision`,
  );
const ofAnyone = count("", "count_unfinished");
const ofTenant = count("AND o.tenant_id = $2", "count_unfinished_of_tenant");

/**
 * Unfinished operations by type and revision. Those that only the log has yet aren't among them.
 * @param owner `anyone`: of all tenants together
 * @param operationsMax how many it looks at
 */
export async function countUnfinished(
  db: Database,
  owner: "anyone" | { tenantId: string },
  operationsMax: number,
): Promise<Unfinished> {
  const limit = operationsMax + 1;
  const revisions =
    owner === "anyone"
      ? await run<UnfinishedRevision>(db.pool, ofAnyone, [limit])
      : await run<UnfinishedRevision>(db.pool, ofTenant, [limit, owner.tenantId]);
  const counted = revisions.reduce((sum, { operations }) => sum + operations, 0);
  return { revisions, isLeast: counted > operationsMax };
}
