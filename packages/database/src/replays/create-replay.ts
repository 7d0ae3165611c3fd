import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type ReplayRow, replayColumns } from "./replay-row.ts";

export interface NewReplay {
  id: string;
  endpointId: string;
  since: Date;
  until: Date;
  coversFrom: Date;
  statuses?: readonly string[] | undefined;
  events?: readonly string[] | undefined;
  ratePerSecond?: number | undefined;
  total: number;
  totalIsExact: boolean;
}

const create = statement(
  "create_replay",
  `INSERT INTO replays AS r (tenant_id, id, endpoint_id, since, until, covers_from, statuses, events, rate_per_second,
     status, total, total_is_exact)
   SELECT e.tenant_id, $2, e.id, $4, $5, $6, $7, $8, $9, 'running', $10, $11
   FROM endpoints e WHERE e.tenant_id = $1 AND e.id = $3 AND e.enabled
   ON CONFLICT (tenant_id, endpoint_id) WHERE completed_at IS NULL DO NOTHING
   RETURNING ${replayColumns}`,
);

/** Makes it, running. Undefined where the endpoint has one that has not ended, or is told no more. */
export async function createReplay(db: Database, tenantId: string, replay: NewReplay): Promise<ReplayRow | undefined> {
  const { id, endpointId, since, until, coversFrom, statuses, events, ratePerSecond, total, totalIsExact } = replay;
  const filters = [statuses ?? null, events ?? null, ratePerSecond ?? null];
  const values = [tenantId, id, endpointId, since, until, coversFrom, ...filters, total, totalIsExact];
  const [row] = await run<ReplayRow>(db.pool, create, values);
  return row;
}
