import type { Database } from "../open-database.ts";
import { run, statement, withoutWaitForDisk } from "../statement.ts";

const load = statement(
  "load_watermark",
  `SELECT coalesce((SELECT published_number FROM watermarks WHERE partition = $1), 0)::text AS number`,
);

/** All numbered events of the partition up to here are in Kafka. */
export async function loadWatermark(db: Database, partition: number): Promise<bigint> {
  const [row] = await run<{ number: string }>(db.pool, load, [partition]);
  return BigInt(row?.number ?? 0);
}

export interface MovedWatermark {
  partition: number;
  /** Decimal, both. */
  epoch: string;
  number: string;
}

const move = statement(
  "move_watermarks",
  `WITH m AS (SELECT * FROM json_to_recordset($1) AS m (partition integer, epoch bigint, number bigint)),
   fence AS (
     SELECT o.partition FROM partition_owners o
     WHERE (o.partition, o.epoch) IN (SELECT partition, epoch FROM m) ORDER BY o.partition FOR KEY SHARE)
   INSERT INTO watermarks AS w (partition, published_number)
   SELECT m.partition, m.number FROM ${withoutWaitForDisk} AS unsynced, m JOIN fence USING (partition)
   ORDER BY m.partition
   ON CONFLICT (partition) DO UPDATE SET published_number = greatest(w.published_number, excluded.published_number)`,
);

/** Moves watermarks up, of the partitions that are still owned under their epoch; the others stay. */
export async function moveWatermarks(db: Database, moved: readonly MovedWatermark[]): Promise<void> {
  if (moved.length > 0) await run(db.pool, move, [JSON.stringify(moved)]);
}
