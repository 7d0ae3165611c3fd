import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** The highest offset and number of a partition with a recorded outcome. Offset -1: none yet. */
export interface DeliveryProgress {
  partition: number;
  offset: number;
  number: bigint;
}

const load = statement(
  "load_delivery_progress",
  `SELECT partition, "offset"::text AS "offset", number::text AS number FROM delivery_progress WHERE partition = ANY($1)`,
);

export async function loadProgress(db: Database, partitions: readonly number[]): Promise<DeliveryProgress[]> {
  const rows = await run<{ partition: number; offset: string; number: string }>(db.pool, load, [partitions]);
  return rows.map(({ partition, offset, number }) => ({
    partition,
    offset: Number(offset),
    number: BigInt(number),
  }));
}
