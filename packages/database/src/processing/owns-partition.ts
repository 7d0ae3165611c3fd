import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const find = statement(
  "find_partition_owner",
  "SELECT EXISTS (SELECT FROM partition_owners WHERE partition = $1 AND epoch = $2) AS owned",
);

/** Whether nobody has taken the partition over since this epoch. True only says so of what was read before. */
export async function ownsPartition(
  db: Database,
  { partition, epoch }: { partition: number; epoch: bigint },
): Promise<boolean> {
  const [row] = await run<{ owned: boolean }>(db.pool, find, [partition, epoch.toString()]);
  return row?.owned === true;
}
