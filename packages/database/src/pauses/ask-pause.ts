import { type Queryable, run, statement } from "../statement.ts";
import type { PauseRow } from "./pause-row.ts";

export interface AskedPause extends Omit<PauseRow, "granted"> {
  partition: number;
  /** After this it ends, used or not, milliseconds; not before the end of a transaction that uses it. */
  lifeMs: number;
}

const ask = statement(
  "ask_pause",
  `WITH asked AS (
     INSERT INTO entity_pauses (tenant_id, id, partition, entity_type, entity_id, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6::double precision / 1000)) RETURNING partition)
   SELECT pg_notify('postback_pauses', partition::text) FROM asked`,
);

/** Asks the owner of a partition to let an entity's steps rest. */
export async function askPause(on: Queryable, pause: AskedPause): Promise<void> {
  const { tenantId, id, partition, entityType, entityId, lifeMs } = pause;
  await run(on, ask, [tenantId, id, partition, entityType, entityId, lifeMs]);
}
