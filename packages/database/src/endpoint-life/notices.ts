import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

/** An event about an endpoint that is not in Kafka yet. Its id stays, however often it is produced. */
export interface Notice {
  tenantId: string;
  id: string;
  type: string;
  endpointId: string;
  /** As the triggers wrote it; `packages/contracts` has its shape. */
  data: unknown;
  createdAt: Date;
}

const take = statement(
  "take_notices",
  `WITH due AS (
     SELECT tenant_id, id FROM notices WHERE leased_until <= now()
     ORDER BY leased_until, id LIMIT $1 FOR UPDATE SKIP LOCKED)
   UPDATE notices n SET leased_until = now() + make_interval(secs => $2 / 1000.0)
   FROM due WHERE n.tenant_id = due.tenant_id AND n.id = due.id
   RETURNING n.tenant_id AS "tenantId", n.id, n.type, n.endpoint_id AS "endpointId", n.data, n.created_at AS "createdAt"`,
);

/** Notices to be produced now; nobody else takes them until the lease ends. Oldest first. */
export async function takeNotices(db: Database, { max, leaseMs }: { max: number; leaseMs: number }): Promise<Notice[]> {
  const rows = await run<Notice>(db.pool, take, [max, leaseMs]);
  return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

const remove = statement(
  "delete_notices",
  `DELETE FROM notices n USING unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
   WHERE n.tenant_id = k.tenant_id AND n.id = k.id`,
);

/** Kafka has them. */
export async function deleteNotices(db: Database, notices: readonly Pick<Notice, "tenantId" | "id">[]): Promise<void> {
  if (notices.length === 0) return;
  await run(db.pool, remove, [notices.map(({ tenantId }) => tenantId), notices.map(({ id }) => id)]);
}
