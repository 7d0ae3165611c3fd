import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface RecordedDelivery {
  tenantId: string;
  eventId: string;
  endpointId: string;
}

const find = statement(
  "find_recorded_deliveries",
  `SELECT d.tenant_id AS "tenantId", d.event_id AS "eventId", d.endpoint_id AS "endpointId"
   FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, event_id)
   JOIN deliveries d ON d.tenant_id = k.tenant_id AND d.event_id = k.event_id
   WHERE d.replay = '00000000-0000-0000-0000-000000000000'`,
);

/** Which live deliveries of these events have a row already: those need no first attempt. */
export async function findRecorded(
  db: Database,
  events: readonly { tenant: string; id: string }[],
): Promise<RecordedDelivery[]> {
  if (events.length === 0) return [];
  return await run<RecordedDelivery>(db.pool, find, [events.map((e) => e.tenant), events.map((e) => e.id)]);
}
