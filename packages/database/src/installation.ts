import type { Database } from "./open-database.ts";
import { run, statement } from "./statement.ts";

const record = statement(
  "record_installation",
  `WITH made AS (INSERT INTO installation (partitions) VALUES ($1) ON CONFLICT DO NOTHING RETURNING partitions)
   SELECT partitions FROM made UNION ALL SELECT partitions FROM installation LIMIT 1`,
);

/**
 * The number of partitions that this installation was made with; the first caller's is recorded. Another number would
 * send an entity's commands to another partition and break their order, so apps refuse to start on one.
 */
export async function recordedPartitions(db: Database, partitions: number): Promise<number> {
  const ask = async () => (await run<{ partitions: number }>(db.pool, record, [partitions]))[0];
  // Another's row that was committed while the statement ran is neither made nor seen by it; the next one sees it.
  const row = (await ask()) ?? (await ask());
  if (!row) throw new Error("the table installation has no row and took none");
  return row.partitions;
}

/**
 * Refuses to go on with another number of partitions than the installation was made with.
 * @throws where they differ; where Postgres can't be asked, its error
 */
export async function requirePartitions(db: Database, configured: number): Promise<void> {
  const recorded = await recordedPartitions(db, configured);
  if (recorded === configured) return;
  throw new Error(
    `PARTITIONS is ${configured}, but this installation was made with ${recorded}, and it can't be changed: set it to ${recorded}`,
  );
}
