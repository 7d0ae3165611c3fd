export type ReplayStatus = "running" | "paused" | "completed" | "cancelled";

/** A replay as its row has it. Numbers of deliveries fit a double: they are below 2^53. */
export interface ReplayRow {
  tenantId: string;
  id: string;
  endpointId: string;
  since: Date;
  until: Date;
  /** `since`, or the beginning of what was retained when it was made. */
  coversFrom: Date;
  statuses: string[] | null;
  events: string[] | null;
  ratePerSecond: number | null;
  status: ReplayStatus;
  reason: string | null;
  /** The last event that was judged; null before the first. */
  cursor: string | null;
  total: number;
  totalIsExact: boolean;
  /** Deliveries made. */
  matched: number;
  /** Of these, the events without an attempt. */
  outstanding: string[];
  createdAt: Date;
  completedAt: Date | null;
}

/** The columns of a {@link ReplayRow}, of `replays` named `r`. */
export const replayColumns = `r.tenant_id AS "tenantId", r.id, r.endpoint_id AS "endpointId", r.since, r.until,
  r.covers_from AS "coversFrom", r.statuses, r.events, r.rate_per_second AS "ratePerSecond", r.status, r.reason, r.cursor,
  r.total::float8 AS total, r.total_is_exact AS "totalIsExact", r.matched::float8 AS matched, r.outstanding,
  r.created_at AS "createdAt", r.completed_at AS "completedAt"`;
