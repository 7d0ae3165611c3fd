import { type Queryable, run, statement } from "../statement.ts";
import type { PauseKey } from "./pause-row.ts";

const end = statement(
  "end_pause",
  `WITH ended AS (DELETE FROM entity_pauses WHERE tenant_id = $1 AND id = $2 RETURNING partition)
   SELECT pg_notify('postback_pauses', partition::text) FROM ended`,
);

/** Ends a pause that nothing came of, granted or not; one that has ended already is no matter. */
export async function endPause(on: Queryable, { tenantId, id }: PauseKey): Promise<void> {
  await run(on, end, [tenantId, id]);
}
