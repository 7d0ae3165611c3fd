import type { Endpoint } from "@postback/contracts";
import type { EndpointRow } from "@postback/database";

/** An endpoint as the API shows it. Its secret isn't in the row: the answer to the creation adds it. */
export const presentEndpoint = (row: EndpointRow): Endpoint => ({
  id: row.id,
  ...(row.partnerId === null ? {} : { partner: row.partnerId }),
  url: row.url,
  events: row.events,
  ...(row.filter === null ? {} : { filter: row.filter }),
  signature: row.signature as Endpoint["signature"],
  enabled: row.enabled,
  ...(row.disabledReason === null ? {} : { disabledReason: row.disabledReason }),
  ...(row.disabledAt === null ? {} : { disabledAt: row.disabledAt.toISOString() }),
  ...(row.description === null ? {} : { description: row.description }),
  ...(row.headers === null ? {} : { headers: row.headers as Record<string, string> }),
  ordering: row.ordering as Endpoint["ordering"],
  ...presentValve(row),
  format: row.format as Endpoint["format"],
  ...(row.ratePerSecond === null ? {} : { rateLimit: { perSecond: row.ratePerSecond } }),
  ...(row.concurrency === null ? {} : { concurrency: row.concurrency }),
  ...(row.timeoutMs === null ? {} : { timeoutMs: row.timeoutMs }),
  // A list column has no null: empty is the default schedule.
  ...(row.retrySchedule.length === 0 ? {} : { retrySchedule: row.retrySchedule }),
  ...(row.handshakeStatus === null
    ? {}
    : { handshake: presentHandshake(row.handshakeStatus, row.handshakeAttempts, row.handshakeReason) }),
  createdAt: row.createdAt.toISOString(),
});

function presentValve({ orderSkipAttempts, orderSkipSeconds }: EndpointRow): Pick<Endpoint, "orderingValve"> {
  if (orderSkipAttempts === null && orderSkipSeconds === null) return {};
  return {
    orderingValve: {
      ...(orderSkipAttempts === null ? {} : { skipAfterAttempts: orderSkipAttempts }),
      ...(orderSkipSeconds === null ? {} : { skipAfterSeconds: orderSkipSeconds }),
    },
  };
}
const presentHandshake = (status: string, attempts: number, reason: string | null) => ({
  status: status as NonNullable<Endpoint["handshake"]>["status"],
  attempts,
  ...(reason === null ? {} : { reason }),
});
