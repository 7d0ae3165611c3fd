import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type EventRow, eventColumns, eventRecord, eventValues } from "./event-row.ts";

const claim = statement(
  "claim_events",
  `WITH e AS (SELECT * FROM json_to_recordset($1) AS e ${eventRecord}),
   claimed AS (
     INSERT INTO events (${eventColumns}) SELECT ${eventValues} FROM e ORDER BY e."tenantId", e.id
     ON CONFLICT DO NOTHING RETURNING tenant_id, id)
   SELECT id FROM claimed
   UNION ALL
   SELECT e.id FROM e JOIN events x ON x.tenant_id = e."tenantId" AND x.id = e.id
   WHERE x.partition = e.partition AND x.log_offset = e."logOffset"`,
);

/**
 * Claims events whose ids clients made: the first message with the id, by place in the log, is the event, any other a
 * repetition. Read again from the same place it is claimed again, so that a crash after the claim loses nothing.
 * Answers the ids that are to be delivered. The ids of one call must differ.
 */
export async function claimEvents(db: Database, events: readonly EventRow[]): Promise<ReadonlySet<string>> {
  const rows = await run<{ id: string }>(db.pool, claim, [JSON.stringify(events)]);
  return new Set(rows.map((row) => row.id));
}
