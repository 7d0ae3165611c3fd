import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { DeadLetterPlace } from "./dead-letter-row.ts";

export interface Redriven extends DeadLetterPlace {
  /** Where the new message is. */
  to: { partition: number; offset: number };
}

const mark = statement(
  "mark_redriven",
  `UPDATE dead_letters d SET redriven_at = now(), redriven_partition = r."toPartition", redriven_offset = r."toOffset",
     discarded_at = NULL
   FROM json_to_recordset($1) AS r (topic text, partition integer, "offset" bigint, "toPartition" integer,
     "toOffset" bigint)
   WHERE d.topic = r.topic AND d.partition = r.partition AND d."offset" = r."offset"`,
);

/** Notes that letters are in the log again; one that had been discarded no longer is. */
export async function markRedriven(db: Database, redriven: readonly Redriven[]): Promise<void> {
  if (redriven.length === 0) return;
  const rows = redriven.map(({ to, ...place }) => ({ ...place, toPartition: to.partition, toOffset: to.offset }));
  await run(db.pool, mark, [JSON.stringify(rows)]);
}
