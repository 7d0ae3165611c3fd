import type { Replay } from "@postback/contracts";
import type { ReplayRow } from "@postback/database";
import { timeOfUuidV7 } from "@postback/domain";

export const presentReplay = (row: ReplayRow): Replay => ({
  id: row.id,
  endpointId: row.endpointId,
  status: row.status,
  ...(row.reason === null ? {} : { reason: row.reason }),
  since: row.since.toISOString(),
  until: row.until.toISOString(),
  ...(row.statuses === null ? {} : { statuses: row.statuses as NonNullable<Replay["statuses"]> }),
  ...(row.events === null ? {} : { events: row.events }),
  ...presentCovered(row),
  ...(row.ratePerSecond === null ? {} : { rateLimit: { perSecond: row.ratePerSecond } }),
  total: row.total,
  totalIsExact: row.totalIsExact,
  done: row.matched - row.outstanding.length,
  ...(row.cursor === null ? {} : { position: new Date(timeOfUuidV7(row.cursor)).toISOString() }),
  createdAt: row.createdAt.toISOString(),
  ...(row.completedAt === null ? {} : { completedAt: row.completedAt.toISOString() }),
});

export const presentCovered = ({ since, coversFrom }: Pick<ReplayRow, "since" | "coversFrom">) => ({
  coversFrom: coversFrom.toISOString(),
  isBeyondRetention: since < coversFrom,
});
