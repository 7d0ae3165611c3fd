import type { DeliveryRecord, EventRow, LaneBreaker, LanePause, Outcomes, ProgressRecord } from "@postback/database";
import type { HeldEvent } from "../lanes/held.ts";

/** One thing to be written, and what to do when it was. */
export interface Entry {
  /** Missing where an event matches nobody: then its own row is all there is. */
  delivery?: DeliveryRecord | undefined;
  /** The event that this record frees, where it is the first of its delivery. */
  event?: HeldEvent | undefined;
  pause?: LanePause | undefined;
  breaker?: LaneBreaker | undefined;
}

/** What a batch of entries comes to, one statement's worth. The order of the entries decides where two are about one thing. */
export function toOutcomes(entries: readonly Entry[]): Outcomes {
  const deliveries = new Map<string, DeliveryRecord>();
  const events = new Map<string, EventRow>();
  const progress = new Map<number, ProgressRecord>();
  const pauses = new Map<string, LanePause>();
  const breakers = new Map<string, LaneBreaker>();
  for (const { delivery, event, pause, breaker } of entries) {
    if (delivery) merge(deliveries, delivery);
    if (event && !event.rowQueued) events.set(event.header.id, toEventRow(event));
    if (event) advance(progress, event);
    if (pause) longest(pauses, pause);
    if (breaker) breakers.set(breaker.endpointId, breaker);
  }
  return {
    events: [...events.values()],
    deliveries: [...deliveries.values()],
    progress: [...progress.values()],
    pauses: [...pauses.values()],
    breakers: [...breakers.values()],
  };
}

/** A spill and the outcome that came before it was written are one record: the outcome. */
function merge(deliveries: Map<string, DeliveryRecord>, record: DeliveryRecord): void {
  const key = `${record.eventId}/${record.endpointId}/${record.replay}`;
  const before = deliveries.get(key);
  if (before === undefined || record.attempt !== undefined) deliveries.set(key, record);
}

function advance(progress: Map<number, ProgressRecord>, { header, place }: HeldEvent): void {
  const before = progress.get(place.partition);
  const number = header.number;
  progress.set(place.partition, {
    partition: place.partition,
    offset: Math.max(before?.offset ?? -1, place.offset),
    number: higher(before?.number, number),
  });
}

const higher = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && BigInt(b) > BigInt(a)) ? b : a;

function longest(pauses: Map<string, LanePause>, pause: LanePause): void {
  const before = pauses.get(pause.endpointId);
  if (before === undefined || before.pauseMs < pause.pauseMs) pauses.set(pause.endpointId, pause);
}

export function toEventRow({ header, place, body }: HeldEvent): EventRow {
  return {
    tenantId: header.tenant,
    id: header.id,
    type: header.type,
    entityType: header.entity?.type,
    entityId: header.entity?.id,
    partition: place.partition,
    logOffset: header.claim ? place.offset : undefined,
    number: header.number,
    operationId: header.operation?.id,
    operationType: header.operation?.type,
    audience: header.audience,
    traceparent: header.traceparent,
    body: body.toString("utf8"),
    acceptedAtMs: header.acceptedAt,
  };
}
