import type { OperationEventRow, OperationRow } from "@postback/database";
import type { Partner } from "@postback/domain";
import { type Logger, type Part, repeatUntilStopped } from "@postback/runtime";
import type { IngestStore } from "../store.ts";
import type { CursorSeal } from "./cursor.ts";
import { type EventSink, heartbeatEveryMs, type OpenedStream } from "./event-sink.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { LiveEvents } from "./live-events.ts";
import { eventJson, type LogEvent, withId } from "./log-event.ts";
import { isSeenBy, type Told } from "./seen-by.ts";

export interface OperationStreamsOptions {
  live: Pick<LiveEvents, "watch" | "listen">;
  seal: CursorSeal;
  store: Pick<IngestStore, "loadOperation" | "listOperationEvents" | "loadOperationMarks">;
  logger: Logger;
  /** How often it is looked whether operations have ended, milliseconds; default 15 000. */
  lookEveryMs?: number;
}

/** An operation tells a handful of events; more than this are not shown. */
const eventsMax = 1_000;
/** Operations looked at in one statement, at most. */
const marksMax = 500;

const finalEvents = new Set(["operation.succeeded", "operation.failed", "operation.cancelled"]);

/**
 * Streams of operations' events. Each attaches to its partition first, then reads what Postgres has, then goes on live;
 * what comes twice has the same number. It ends with its operation. An operation can end without telling it (as one
 * whose key was used with another request): so all that are open are looked at now and then, together.
 */
export class OperationStreams {
  readonly #options: OperationStreamsOptions;
  readonly #open = new Set<OperationFollower>();

  constructor(options: OperationStreamsOptions) {
    this.#options = options;
  }

  get part(): Part {
    const { logger, lookEveryMs = heartbeatEveryMs } = this.#options;
    const look = { intervalMs: lookEveryMs, logger, event: "operation-streams.not-looked-at" };
    return {
      name: "operation-streams",
      run: (signal) => repeatUntilStopped(() => this.#endWhatEnded(), { ...look, signal }),
    };
  }

  /**
   * @param row the operation itself, not a twin of it
   * @param after the number of the last event that the client has; 0 for none
   * @param partner who reads, where it is not the tenant itself
   * @throws {KafkaUnavailable} or what Postgres throws, retryable
   */
  async open(row: OperationRow, after: bigint, partner?: Partner): Promise<OpenedStream> {
    const follower = new OperationFollower(this.#options, row, after, partner);
    await follower.attach();
    this.#open.add(follower);
    const run = (sink: EventSink) => follower.run(sink).finally(() => this.#open.delete(follower));
    return { run, isOver: follower.isOver };
  }

  async #endWhatEnded(): Promise<void> {
    const followers = [...this.#open];
    for (let from = 0; from < followers.length; from += marksMax) {
      const batch = followers.slice(from, from + marksMax);
      const marks = await this.#options.store.loadOperationMarks(batch.map(({ key }) => key));
      await Promise.all(
        batch.map((follower, index) => (marks[index]?.ended === true ? follower.readAgain() : undefined)),
      );
    }
  }
}

class OperationFollower {
  readonly #options: OperationStreamsOptions;
  readonly #row: OperationRow;
  readonly #partner: Partner | undefined;
  readonly #ending = Promise.withResolvers<void>();
  /** Live events, as long as Postgres is being read. */
  #held: LogEvent[] | undefined = [];
  /** What Postgres had, until there is a sink for it. */
  #found: readonly OperationEventRow[] = [];
  #ended = false;
  /** Of the last event sent. */
  #number: bigint;
  #sink: EventSink | undefined;
  #detach: () => void = () => {};

  constructor(options: OperationStreamsOptions, row: OperationRow, after: bigint, partner: Partner | undefined) {
    this.#options = options;
    this.#row = row;
    this.#partner = partner;
    this.#number = after;
  }

  get key(): { tenantId: string; id: string } {
    return this.#row;
  }

  get isOver(): boolean {
    return this.#ended && this.#found.every(({ number }) => BigInt(number) <= this.#number);
  }

  async attach(): Promise<void> {
    const { live } = this.#options;
    const { tenantId, id, partition } = this.#row;
    const endWatch = await live.watch([partition]);
    const endListening = live.listen({
      tenantId,
      only: { operationId: id },
      onEvent: (event) => this.#live(event),
      onGap: (gap) => void (gap === partition && this.readAgain()),
    });
    this.#detach = () => {
      endListening();
      endWatch();
    };
    try {
      await this.#read();
    } catch (error) {
      this.#detach();
      throw error;
    }
  }

  async run(sink: EventSink): Promise<void> {
    this.#sink = sink;
    sink.closed.addEventListener("abort", () => this.#ending.resolve(), { once: true });
    const endHeartbeat = startHeartbeat(() => sink.heartbeat(this.#cursor()));
    try {
      this.#sendFound();
      if (!sink.closed.aborted) await this.#ending.promise;
    } finally {
      endHeartbeat();
      this.#detach();
    }
  }

  /** Postgres has it all, the log only what was not lost or never told. Never rejects: the next look comes. */
  async readAgain(): Promise<void> {
    if (this.#held !== undefined || this.#sink === undefined) return;
    this.#held = [];
    try {
      await this.#read();
    } catch (error) {
      this.#options.logger.warn({ err: error, operationId: this.#row.id }, "operation-stream.not-read");
    }
    this.#sendFound();
  }

  /** The row first: where that has ended, all of its events are there. */
  async #read(): Promise<void> {
    const { store } = this.#options;
    const { tenantId, id } = this.#row;
    const row = await store.loadOperation(tenantId, id);
    this.#found = await store.listOperationEvents(tenantId, id, eventsMax);
    this.#ended = row !== undefined && row.completedAt !== null;
  }

  #sendFound(): void {
    for (const event of this.#found) this.#send(BigInt(event.number), event, () => withId(event.id, event.body));
    this.#found = [];
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#live(event);
    if (this.#ended) this.#end();
  }

  #live(event: LogEvent): void {
    if (this.#held !== undefined) {
      if (this.#held.length < eventsMax) this.#held.push(event);
      return;
    }
    if (event.number === undefined) return;
    this.#send(event.number, { ...event.header, body: event.body }, () => eventJson(event));
    if (finalEvents.has(event.header.type)) this.#end();
  }

  #send(number: bigint, told: Told, json: () => string): void {
    if (number <= this.#number) return;
    this.#number = number;
    if (isSeenBy(this.#partner, told)) this.#sink?.event(json(), this.#cursor());
  }

  #end(): void {
    this.#sink?.end(this.#cursor());
    this.#ending.resolve();
  }

  #cursor(): string {
    const { tenantId, partition } = this.#row;
    const positions = new Map([[partition, { offset: 0, number: this.#number }]]);
    return this.#options.seal.write("operation", tenantId, { positions, lately: [] });
  }
}
