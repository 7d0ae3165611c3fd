import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type EventRow, eventColumns, eventRecord, eventValues } from "./event-row.ts";

/** The update changes nothing: it is there to return the row, also one that another session commits meanwhile. */
const claim = statement(
  "claim_events",
  `INSERT INTO events AS x (${eventColumns})
   SELECT ${eventValues} FROM json_to_recordset($1) AS e ${eventRecord} ORDER BY e."tenantId", e.id
   ON CONFLICT (tenant_id, id) DO UPDATE SET log_offset = excluded.log_offset
   WHERE x.partition = excluded.partition AND x.log_offset = excluded.log_offset
   RETURNING tenant_id AS "tenantId", id`,
);

/**
 * Claims events whose ids clients made: the first message with the id, by place in the log, is the event, any other a
 * repetition. Read again from the same place it is claimed again, so that a crash after the claim loses nothing.
 * Answers which are to be delivered, as `tenant/id`. A tenant's ids in one call must differ.
 */
export async function claimEvents(db: Database, events: readonly EventRow[]): Promise<ReadonlySet<string>> {
  const rows = await run<{ tenantId: string; id: string }>(db.pool, claim, [JSON.stringify(events)]);
  return new Set(rows.map(({ tenantId, id }) => `${tenantId}/${id}`));
}
