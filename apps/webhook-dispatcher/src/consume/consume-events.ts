import { claimEvents, type Database, findRecorded, loadProgress } from "@postback/database";
import { LIVE, mayBeTold, orderKeyOf } from "@postback/domain";
import type { GivenUp, IncomingMessage, PartitionBatch, TopicPartition } from "@postback/kafka";
import { keepTrying, type Logger } from "@postback/runtime";
import type { HeldEvent, Outgoing } from "../lanes/held.ts";
import { toQueued } from "../lanes/to-record.ts";
import { type Entry, toEventRow } from "../record/pending-outcomes.ts";
import { matchContent } from "../subscriptions/match-content.ts";
import { seenByPartners } from "../subscriptions/seen-by-partners.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Subscriptions } from "../subscriptions/subscriptions.ts";
import { noveltyOf, type PartitionState } from "./partition-state.ts";
import { readEvent } from "./read-event.ts";

export interface ConsumeOptions {
  db: Database;
  subscriptions: Subscriptions;
  offer(outgoing: Outgoing): void;
  record(entry: Entry): void;
  /** Undefined unless outcomes are piling up, of which one event may make thousands; then resolves to look again. */
  room(): Promise<void> | undefined;
  /** Resolves when the message is in `dead-letters` and listed. */
  giveUp(givenUp: GivenUp): Promise<void>;
  done(place: HeldEvent["place"]): void;
  logger: Logger;
}

interface Candidate {
  event: HeldEvent;
  askPostgres: boolean;
}

/** After this long without Postgres the batch fails, which ends the process for a clean start. */
const outageMaxMs = 10 * 60_000;

/** Turns batches of `events` into deliveries in lanes. */
export class EventConsumption {
  readonly #options: ConsumeOptions;
  readonly #partitions = new Map<number, PartitionState>();
  /** Events with deliveries that aren't recorded yet: a rebalance may hand them over again. */
  readonly #held = new Map<string, HeldEvent>();

  constructor(options: ConsumeOptions) {
    this.#options = options;
  }

  get heldEvents(): number {
    return this.#held.size;
  }

  /** Reads how far each partition was recorded, also of those kept: another may have had them in between. */
  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const numbers = partitions.map(({ partition }) => partition);
    const progress = await this.#withPostgres(() => loadProgress(this.#options.db, numbers));
    const byPartition = new Map(progress.map((row) => [row.partition, row]));
    this.#partitions.clear();
    for (const partition of numbers) {
      const row = byPartition.get(partition);
      const state = { recordedOffset: row?.offset ?? -1, recordedNumber: row?.number ?? 0n, seenNumber: 0n };
      this.#partitions.set(partition, state);
    }
  }

  async consume(batch: PartitionBatch): Promise<void> {
    const candidates: Candidate[] = [];
    for (const message of batch.messages) {
      const candidate = await this.#read(batch, message);
      if (candidate) candidates.push(candidate);
    }
    const claimed = await this.#claim(candidates);
    const recorded = await this.#recordedOf(claimed);
    for (const { event } of claimed) {
      // Again after each wait: the batches of all partitions wait for the same room.
      for (let room = this.#options.room(); room; room = this.#options.room()) await room;
      this.#deliver(event, recorded);
    }
  }

  /** All deliveries of the event have rows. */
  recorded(event: HeldEvent): void {
    this.#held.delete(keyOf(event.header.tenant, event.header.id));
    this.#options.done(event.place);
  }

  async #read(batch: PartitionBatch, message: IncomingMessage): Promise<Candidate | undefined> {
    const { topic, partition, generation } = batch;
    const place = { topic, partition, offset: message.offset, generation };
    const read = readEvent(message);
    if (!read.ok) {
      await this.#options.giveUp({ batch, message, reason: read.reason, detail: read.detail });
      this.#options.done(place);
      return undefined;
    }
    const { header, body } = read;
    const held = this.#held.get(keyOf(header.tenant, header.id));
    if (held) return this.#handedOverAgain(held, place);
    const number = header.number === undefined ? undefined : BigInt(header.number);
    const novelty = noveltyOf(this.#stateOf(partition), message.offset, number);
    if (novelty === "repeated") {
      this.#options.done(place);
      return undefined;
    }
    const event: HeldEvent = { header, body, place, unrecorded: 0, rowQueued: false };
    this.#held.set(keyOf(header.tenant, header.id), event);
    return { event, askPostgres: novelty === "maybe-recorded" || header.redriven === true };
  }

  /** The same place again after a rebalance goes on under the new generation; another place is a repetition. */
  #handedOverAgain(held: HeldEvent, place: HeldEvent["place"]): undefined {
    const isSame = held.place.partition === place.partition && held.place.offset === place.offset;
    if (isSame) held.place = place;
    else this.#options.done(place);
  }

  /** Of the events whose ids clients made, those that this place in the log has a claim to. */
  async #claim(candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
    const marked = candidates.filter(({ event }) => event.header.claim);
    if (marked.length === 0) return candidates;
    const rows = marked.map(({ event }) => toEventRow(event));
    const ours = await this.#withPostgres(() => claimEvents(this.#options.db, rows));
    return candidates.filter(({ event }) => {
      if (!event.header.claim) return true;
      event.rowQueued = true;
      const isOurs = ours.has(keyOf(event.header.tenant, event.header.id));
      if (!isOurs) this.recorded(event);
      return isOurs;
    });
  }

  async #recordedOf(candidates: readonly Candidate[]): Promise<ReadonlySet<string>> {
    const asked = candidates.filter(({ askPostgres }) => askPostgres);
    if (asked.length === 0) return new Set();
    const keys = asked.map(({ event }) => event.header);
    const rows = await this.#withPostgres(() => findRecorded(this.#options.db, keys));
    return new Set(rows.map((row) => `${row.eventId}/${row.endpointId}`));
  }

  #deliver(event: HeldEvent, recorded: ReadonlySet<string>): void {
    const { header } = event;
    const endpoints = this.#addressees(event).filter(({ endpointId }) => !recorded.has(`${header.id}/${endpointId}`));
    event.unrecorded = Math.max(1, endpoints.length);
    // Nobody to tell: its row alone is written, for replays to come.
    if (endpoints.length === 0) return this.#options.record({ event });
    for (const endpoint of endpoints) {
      const outgoing = toOutgoing(event, endpoint);
      if (outgoing.orderKey === undefined) this.#options.offer(outgoing);
      // Its place in the order is its row: nothing in memory could keep it through a crash, or across partitions.
      else this.#options.record({ delivery: toQueued(outgoing, outgoing.orderKey), event });
    }
  }

  /** Whoever subscribes to it; of a test event the one endpoint that it is for. */
  #addressees({ header, body }: HeldEvent): readonly Subscription[] {
    const { subscriptions } = this.#options;
    if (header.endpoint === undefined) {
      const told = subscriptions.match(header.tenant, header.type).filter((endpoint) => mayBeTold(endpoint, header));
      return matchContent(seenByPartners(told, header, body), body);
    }
    const only = subscriptions.find(header.endpoint);
    return only !== undefined && only.tenantId === header.tenant && only.enabled ? [only] : [];
  }

  #stateOf(partition: number): PartitionState {
    const state = this.#partitions.get(partition);
    if (!state) throw new Error(`partition ${partition} was handed over without having been assigned`);
    return state;
  }

  #withPostgres<T>(work: () => Promise<T>): Promise<T> {
    const { logger } = this.#options;
    return keepTrying(work, { logger, event: "events.postgres-away", giveUpAfterMs: outageMaxMs });
  }
}

const keyOf = (tenantId: string, eventId: string): string => `${tenantId}/${eventId}`;

const toOutgoing = (event: HeldEvent, endpoint: Subscription): Outgoing => ({
  tenantId: event.header.tenant,
  eventId: event.header.id,
  eventType: event.header.type,
  partition: event.place.partition,
  replay: LIVE,
  body: event.body,
  traceparent: event.header.traceparent,
  acceptedAtMs: event.header.acceptedAt,
  attemptsMade: 0,
  firstAttemptAtMs: undefined,
  orderKey: orderKeyOf(endpoint.ordering, event.header.entity),
  isClaimed: false,
  endpoint,
  event,
});
