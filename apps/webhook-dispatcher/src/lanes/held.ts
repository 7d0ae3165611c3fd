import type { EventHeader } from "@postback/contracts";
import type { Subscription } from "../subscriptions/subscription.ts";

/** An event that was read from Kafka and has deliveries that aren't recorded yet. */
export interface HeldEvent {
  readonly header: EventHeader;
  /** The webhook's body: exactly these bytes are signed and sent. */
  readonly body: Buffer;
  /** Where it was read; a rebalance may hand it over again, in another generation. */
  place: { readonly topic: string; readonly partition: number; readonly offset: number; readonly generation: number };
  /** Deliveries without a row; at 0 the offset may go on. */
  unrecorded: number;
  /** Its own row has been written, or is in a batch that comes before whatever is recorded next. */
  rowQueued: boolean;
}

/** What is sent: by a live event from Kafka, or claimed from the schedule in Postgres. */
export interface Outgoing {
  readonly tenantId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly partition: number;
  readonly replay: string;
  readonly body: Buffer;
  readonly traceparent: string | undefined;
  /** When its event was accepted, milliseconds since 1970. */
  readonly acceptedAtMs: number;
  readonly attemptsMade: number;
  /** When the first of them began, milliseconds since 1970. */
  readonly firstAttemptAtMs: number | undefined;
  /** The queue of its endpoint that it is in; none where it waits for nothing. */
  readonly orderKey: string | undefined;
  /** Claimed from the schedule: its row says `sending` until it is given back or ended. */
  readonly isClaimed: boolean;
  /** As it was when this was matched or claimed; as it is, from the start of the attempt on. */
  endpoint: Subscription;
  /** The event that still counts on its record; none once it has a row. */
  event: HeldEvent | undefined;
}

/** A delivery that waits in a lane for a slot. */
export interface Waiting {
  readonly outgoing: Outgoing;
  readonly sinceMs: number;
}
