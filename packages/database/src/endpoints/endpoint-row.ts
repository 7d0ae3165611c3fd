import type { Prisma } from "../generated/client.ts";

/** An endpoint as its row has it. */
export type EndpointRow = Prisma.EndpointGetPayload<object>;

/** In which form events go to an endpoint. */
export type EndpointFormat = "standard" | "cloudevents-structured" | "cloudevents-binary";

/** What a client may set. `undefined` leaves a field as it is, null takes it away. */
export interface EndpointSettings {
  url?: string;
  events?: string[];
  enabled?: boolean;
  description?: string | null;
  /** JSON as `readFilter` takes it. */
  filter?: unknown;
  headers?: Record<string, string> | null;
  ordering?: "none" | "entity" | "endpoint";
  orderSkipAttempts?: number | null;
  orderSkipSeconds?: number | null;
  format?: EndpointFormat;
  ratePerSecond?: number | null;
  concurrency?: number | null;
  timeoutMs?: number | null;
  retrySchedule?: number[] | null;
}

/** A change of an endpoint, and the subscription version that it got: dispatchers at or above it match with it. */
export interface ChangedEndpoint {
  endpoint: EndpointRow;
  subscriptionVersion: bigint;
}
