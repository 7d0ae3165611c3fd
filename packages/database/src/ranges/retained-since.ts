import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const since = statement("retained_since", `SELECT retained_since() AS since`);

/** From when on events are retained: the beginning of their first range. */
export async function retainedSince(db: Database): Promise<Date> {
  const [row] = await run<{ since: Date | null }>(db.pool, since, []);
  if (!row?.since) throw new Error("there is no range of events");
  return row.since;
}
