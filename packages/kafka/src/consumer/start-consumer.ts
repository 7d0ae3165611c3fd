import type { EachBatchPayload, Consumer as KafkaJsConsumer } from "kafkajs";
import { tryWithin, within } from "../bounded-wait.ts";
import { ConsumerFailed, KafkaUnavailable } from "../errors.ts";
import { Committer } from "./committer.ts";
import { Gathering } from "./gathering.ts";
import { Generations } from "./generations.ts";
import { handOver } from "./hand-over.ts";
import { createKafkaJsConsumer, join, listen } from "./kafkajs-consumer.ts";
import {
  CONSUMER_DEFAULTS,
  type Consumer,
  type ConsumerOptions,
  type ConsumerSettings,
  type GroupMember,
} from "./options.ts";
import type { PartitionPosition, TopicPartition } from "./partition-progress.ts";
import { Pauses } from "./pauses.ts";
import { whileHeartbeating } from "./while-heartbeating.ts";

/**
 * Joins a consumer group and hands over its partitions' messages from the last commit on, or from the earliest where there is none.
 * Resolves when the group was joined and the first `onAssigned` has ended; `onBatch` is never called before. Batches come right
 * after: what a handler needs of the consumer has to be in place before the caller awaits anything else.
 * @throws {KafkaUnavailable} when no broker can be reached or the topics aren't there
 * @throws {ConsumerFailed} when the first `onAssigned` threw; later failures come through `onFatal`
 */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const consumer = new GroupConsumer({ ...CONSUMER_DEFAULTS, ...options });
  await consumer.start();
  return consumer;
}

const START_MAX_MS = 30_000;

class GroupConsumer implements Consumer {
  readonly #settings: ConsumerSettings;
  readonly #kafkajs: KafkaJsConsumer;
  readonly #pauses: Pauses;
  readonly #generations: Generations;
  readonly #committer: Committer;
  readonly #gathering: Gathering;
  /** Resolves at the first join, and when there will be none. */
  readonly #firstJoin = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  #startedAtMs = 0;
  #lastHeartbeatAtMs = 0;
  #failure: Error | undefined;
  #running = false;
  #joinedNow = false;
  #stopping: Promise<void> | undefined;

  constructor(settings: ConsumerSettings) {
    const { logger } = settings.connection;
    this.#settings = settings;
    this.#pauses = new Pauses(settings.topics);
    this.#generations = new Generations(settings, {
      logger,
      fail: (error) => this.#fail(error),
      started: this.#started.promise,
      committer: () => this.#committer,
    });
    this.#committer = new Committer(() => this.#generations.current, logger, settings.commitIntervalMs);
    this.#gathering = new Gathering(settings.gatherMs);
    this.#kafkajs = createKafkaJsConsumer(settings, () => this.#mayRestart());
  }

  async start(): Promise<void> {
    this.#startedAtMs = Date.now();
    this.#listen();
    try {
      await this.#join();
      await this.#generations.current?.assigned;
    } catch (cause) {
      const { groupId, topics, connection } = this.#settings;
      const text = `group ${groupId} can't consume ${topics.join(", ")} at ${connection.brokers.join(", ")}`;
      this.#failure ??= new KafkaUnavailable(text, { cause });
    }
    if (this.#failure !== undefined) {
      await this.stop();
      throw this.#failure;
    }
    this.#running = true;
    // After the caller's own `await`, so that its handler can use the consumer from the first batch on.
    setImmediate(this.#started.resolve);
  }

  #listen(): void {
    listen(this.#kafkajs, {
      alive: () => {
        this.#lastHeartbeatAtMs = Date.now();
      },
      joined: (member, partitions) => this.#joined(member, partitions),
      rebalancing: () => this.#generations.revoke(),
      skipped: (at, lastOffset) => this.#generations.current?.progressOf(at)?.lowWater.skipTo(lastOffset + 1),
      crashed: (error, restarting) => this.#crashed(error, restarting),
    });
  }

  async #join(): Promise<void> {
    await join(this.#kafkajs, this.#settings, (payload) => this.#eachBatch(payload));
    // kafkajs gives up at a coordinator that is still loading, and begins anew; it says that it runs before it does.
    if ((await within(START_MAX_MS, this.#firstJoin.promise)) === "too-late") {
      throw new Error(`the group was not joined within ${START_MAX_MS} ms`);
    }
  }

  done(topic: string, partition: number, offset: number, generation?: number): void {
    const session = this.#generations.current;
    if (session === undefined || (generation !== undefined && generation !== session.generation)) return;
    session.progressOf({ topic, partition })?.lowWater.done(offset);
  }

  hold(reason: string): void {
    this.#pauses.hold(reason);
    this.#applyPauses();
  }

  release(reason: string): void {
    this.#pauses.release(reason);
    this.#applyPauses();
  }

  pause(topic: string, partition: number): void {
    this.#pauses.pause({ topic, partition });
    this.#applyPauses();
  }

  resume(topic: string, partition: number): void {
    this.#pauses.resume({ topic, partition });
    this.#applyPauses();
  }

  get assigned(): readonly TopicPartition[] {
    return this.#generations.assigned.map(({ topic, partition }) => ({ topic, partition }));
  }

  get member(): GroupMember | undefined {
    const session = this.#generations.current;
    return session && { memberId: session.memberId, generation: session.generation };
  }

  get lastHeartbeatAtMs(): number {
    return this.#lastHeartbeatAtMs;
  }

  get held(): boolean {
    return this.#pauses.held;
  }

  positions(): readonly PartitionPosition[] {
    return this.#generations.assigned.map((progress) => progress.position(this.#pauses.isPaused(progress)));
  }

  flushCommits(): Promise<void> {
    return this.#committer.flush();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { stopMaxMs, connection } = this.#settings;
    const untilMs = performance.now() + stopMaxMs;
    const left = () => Math.max(untilMs - performance.now(), 0);
    this.hold("stopping");
    this.#joinedNow = false;
    // Half of the time at most, so that the group can still be left in the other half.
    await within(stopMaxMs / 2, this.#generations.revoke());
    this.#generations.current?.end();
    this.#committer.stop();
    await tryWithin(left(), "leaving the consumer group", connection.logger, this.#kafkajs.disconnect());
  }

  #joined(member: GroupMember, partitions: readonly TopicPartition[]): void {
    this.#generations.joined(member, partitions);
    this.#firstJoin.resolve();
    this.#joinedNow = true;
    this.#applyPauses();
    const { groupId, connection } = this.#settings;
    connection.logger.info({ groupId, ...member, partitions: partitions.length }, "joined the consumer group");
  }

  /** Before a join and after a crash kafkajs has nothing to pause, and throws; the next join applies what is wanted then. */
  #applyPauses(): void {
    if (this.#joinedNow) this.#pauses.applyTo(this.#kafkajs);
  }

  #eachBatch(payload: EachBatchPayload): Promise<void> {
    return handOver(payload, {
      settings: this.#settings,
      generations: this.#generations,
      gathering: this.#gathering,
      isClosed: (at) => this.#failure !== undefined || this.#stopping !== undefined || this.#pauses.isPaused(at),
      wait: (work, heartbeat, session) =>
        whileHeartbeating(work, heartbeat, this.#settings.heartbeatIntervalMs, session.ended),
      fail: (error) => this.#fail(error),
    });
  }

  #mayRestart(): boolean {
    if (this.#stopping !== undefined || this.#failure !== undefined) return false;
    const silentMs = Date.now() - Math.max(this.#lastHeartbeatAtMs, this.#startedAtMs);
    return silentMs < (this.#running ? this.#settings.outageMaxMs : START_MAX_MS);
  }

  #crashed(error: Error, restarting: boolean): void {
    this.#joinedNow = false;
    if (!restarting) {
      this.#fail(error);
      return;
    }
    const { groupId, connection } = this.#settings;
    connection.logger.warn({ err: error, groupId }, "lost Kafka, joining the consumer group anew");
    void this.#generations.revoke();
  }

  #fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    const { groupId, connection, onFatal } = this.#settings;
    this.#failure = new ConsumerFailed(`the consumer of group ${groupId} has ended: ${messageOf(cause)}`, cause);
    this.#firstJoin.resolve();
    if (!this.#running) return;
    connection.logger.error({ err: this.#failure, groupId }, "consumer ended");
    onFatal(this.#failure);
    void this.stop();
  }
}

const messageOf = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
