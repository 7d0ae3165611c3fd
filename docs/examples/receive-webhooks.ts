import type { IncomingMessage, ServerResponse } from "node:http";
import { createReceiver, nodeHandler, type WebhookEvent } from "@postback/receiver";
import type { Pool, PoolClient } from "pg";
import { postgresStore } from "./receive-once.ts";

/** The events that this receiver works on, by their types: what the catalog at the other side tells. */
export type TicketEvents = {
  "ticket.booked": { ticketId: string; show: string; seat: string };
};
export type TicketBooked = WebhookEvent<"ticket.booked", TicketEvents["ticket.booked"]>;

export interface TicketReceiverOptions {
  /** Of the endpoint, `whsec_…`: the answer to its creation shows it. */
  readonly secret: string;
  readonly pool: Pool;
  /** Its work is committed together with the note that the event was received, or neither is. */
  handleBooking(event: TicketBooked, tx: PoolClient): Promise<void>;
  /** Told of what `handleBooking` throws. */
  report(error: unknown): void;
}

/** Takes webhooks at whichever path of an HTTP server it is given. */
export function receiveTickets(
  options: TicketReceiverOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { secret, pool, handleBooking, report } = options;
  const receiver = createReceiver<TicketEvents, PoolClient>({
    keys: secret,
    store: postgresStore(pool),
    on: { "ticket.booked": (event, { tx }) => handleBooking(event, tx) },
    onError: report,
  });
  return nodeHandler(receiver);
}
