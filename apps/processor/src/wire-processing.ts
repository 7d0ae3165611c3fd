import { topicNames } from "@postback/contracts";
import { admitBatches, type Database, recordDeadLetters } from "@postback/database";
import { type Consumer, type GivenUp, type PartitionBatch, type Producer, sendDeadLetter } from "@postback/kafka";
import type { Catalog, Secrets } from "@postback/operations";
import { keepTrying, type Logger, type Metrics } from "@postback/runtime";
import { AdmissionBatcher } from "./admit/admission-batcher.ts";
import { type AdmissionOptions, consumeCommands } from "./admit/consume-commands.ts";
import { produceAgain } from "./admit/produce-again.ts";
import type { ProcessorConfig } from "./config.ts";
import { QueueWorker } from "./hand-over/queue-worker.ts";
import type { WorkOptions } from "./hand-over/work-step.ts";
import { processorMetrics, watchMemory } from "./metrics.ts";
import { OutboxRelay } from "./outbox/outbox-relay.ts";
import { Ownership } from "./own/own-partitions.ts";
import { type OwnedPartition, Positions } from "./own/owned-partition.ts";
import { EntityPauses } from "./pauses/entity-pauses.ts";
import { PauseKeeper } from "./pauses/pause-keeper.ts";
import { Publisher } from "./publish/publish-events.ts";
import { WatermarkKeeper } from "./publish/watermark-keeper.ts";
import { type LoadOptions, loadEntityQueue, loadQueues } from "./queues/load-queues.ts";
import { PartitionQueues } from "./queues/partition-queues.ts";
import { Checkpointer } from "./steps/checkpointer.ts";
import { Gate } from "./steps/gate.ts";
import { isParked } from "./steps/is-parked.ts";
import type { StepReport } from "./steps/perform-once.ts";
import { type RunOptions, runOperation } from "./steps/run-operation.ts";
import { Scheduler } from "./steps/scheduler.ts";
import { Slots } from "./steps/slots.ts";
import { StepGroups } from "./steps/step-groups.ts";

export interface ProcessingOptions {
  config: ProcessorConfig;
  /** This process, as the owner of partitions. */
  id: string;
  db: Database;
  producer: Producer;
  catalog: Catalog;
  /** The queues that this process carries. */
  queues: readonly string[];
  /** Of the steps that this process carries. */
  secrets: Secrets;
  logger: Logger;
  metrics: Metrics;
}

/** The parts of a processor, connected. */
export interface Processing {
  ownership: Ownership;
  /** Admits writes whose sync steps are done. */
  outbox: OutboxRelay;
  /** Lets entities rest for sync steps that go ahead of their operations. */
  pauses: PauseKeeper;
  /** Gives what is done to the consumer from now on. To be called before its first batch comes. */
  connect(consumer: Consumer): void;
  /** A worker for the steps of one queue, to be fed by a consumer of its topic, which must be there when the first of them comes. */
  queueWorker(queue: string, consumer: () => Consumer | undefined): QueueWorker;
  assigned(partitions: readonly number[]): Promise<void>;
  consume(batch: PartitionBatch): Promise<void>;
  /** Looks for what Kafka acknowledged and lost, until it is told to stop. */
  repair(signal: AbortSignal): Promise<void>;
  /** Partitions may go: begins nothing more, and waits a moment for what runs. */
  handOver(): Promise<void>;
  /** The end: interrupts what runs, publishes what is committed. */
  drain(): Promise<void>;
}

const dayMs = 86_400_000;

export function wireProcessing(options: ProcessingOptions): Processing {
  const { config, id, db, producer, catalog, queues, secrets, logger, metrics } = options;
  const topics = topicNames(config.TOPIC_PREFIX);
  const counted = processorMetrics(metrics);
  const stopping = new AbortController();
  const gate = new Gate();
  const ownQueues = new Map(queues.map((queue) => [queue, new Slots(config.QUEUE_STEPS_MAX)]));
  const watermarks = new WatermarkKeeper(db, logger);
  const workers: QueueWorker[] = [];
  let consumer: Consumer | undefined;

  const lose = (owned: OwnedPartition) => ownership.lose(owned);
  const working: WorkOptions = {
    db,
    catalog,
    transactionSlots: new Slots(config.TRANSACTIONS_MAX),
    secrets,
    onStep: (step) => {
      counted.stepped(step);
      report(step, logger);
    },
    onDefinitionMissing: ({ id: operationId, type: operationType, revision, partition }) => {
      counted.definitionMissing(operationType);
      logger.error({ operationId, operationType, revision, partition }, "operation.definition-missing");
    },
    stopping: stopping.signal,
    logger,
  };
  const running: RunOptions = {
    groups: new StepGroups({
      db,
      slots: working.transactionSlots,
      widthMax: config.TRANSACTIONS_MAX,
      onShared: counted.shared,
      logger,
    }),
    checkpointer: new Checkpointer(db, logger),
    gate,
    lose,
    ownQueues,
    handOver: { producer, topicPrefix: config.TOPIC_PREFIX, logger },
    ...working,
  };
  const scheduler = new Scheduler({
    stepsMax: config.STEPS_MAX,
    run: (owned, head) => runOperation(running, owned, head),
    logger,
  });

  const outbox = new OutboxRelay({ db, lose, onAdmitted: (count) => counted.admitted(count), logger });

  const pauses = new PauseKeeper({ db, lose, logger });

  const open = async (partition: number, epoch: bigint): Promise<OwnedPartition> => {
    const lost = new AbortController();
    const entities = new PartitionQueues({
      onReady: (head) => scheduler.submit(owned, head),
      onEntityDrained: (last) => void loadEntityQueue(loading, last),
      onRoom: () => void loadQueues(loading),
    });
    const publisher = new Publisher({
      db,
      producer,
      topic: topics.events,
      partition,
      epoch,
      onPublished: (number) => watermarks.note(partition, epoch, number),
      signal: lost.signal,
      logger,
    });
    const owned: OwnedPartition = {
      partition,
      epoch,
      lost,
      letGo: abortedWith(lost.signal, stopping.signal),
      admitting: new Slots(1),
      positions: new Positions(epoch),
      queues: entities,
      pauses: new EntityPauses(() => pauses.kick(owned)),
      publisher,
    };
    const loading: LoadOptions = {
      db,
      partition,
      queues: entities,
      isParked: (row) => isParked(row, catalog),
      lost: lost.signal,
      logger,
    };
    lost.signal.addEventListener("abort", () => entities.close(), { once: true });
    publisher.start();
    // Pauses that a former owner granted hold on.
    await pauses.look(owned);
    await loadQueues(loading);
    return owned;
  };
  const ownership = new Ownership({ db, owner: id, open, logger });

  const giveUp = async (givenUp: GivenUp) => {
    const tell = async () => {
      const sent = await sendDeadLetter(producer, topics.deadLetters, givenUp);
      await recordDeadLetters(db, [sent]);
      return sent;
    };
    const letter = await keepTrying(tell, { logger, event: "command.not-dead-lettered" });
    counted.deadLettered(givenUp.reason);
    logger.error({ reason: givenUp.reason, topic: letter.topic, offset: letter.offset }, "command.dead-lettered");
  };
  const admission: AdmissionOptions = {
    batcher: new AdmissionBatcher((batches) => admitBatches(db, batches, catalog.syncEntityTypes)),
    catalog,
    db,
    relay: outbox,
    partitions: config.PARTITIONS,
    keysLifeMs: config.IDEMPOTENCY_DAYS * dayMs,
    find: (partition) => ownership.find(partition),
    lose,
    giveUp,
    done: ({ topic, partition, generation }, offset) => connected(consumer).done(topic, partition, offset, generation),
    onAdmitted: (count) => counted.admitted(count),
    logger,
  };
  watchMemory(metrics, { ownership, scheduler, workers });
  return {
    ownership,
    outbox,
    pauses,
    connect: (given) => {
      consumer = given;
    },
    queueWorker(queue, consumerOf) {
      const reason = `steps of ${queue}`;
      const worker = new QueueWorker({
        ...working,
        slots: ownQueues.get(queue) ?? new Slots(config.QUEUE_STEPS_MAX),
        done: ({ topic, partition, generation }, offset) =>
          connected(consumerOf()).done(topic, partition, offset, generation),
        giveUp,
        onPressure: (isHigh) => {
          const feeding = connected(consumerOf());
          if (isHigh) feeding.hold(reason);
          else feeding.release(reason);
        },
      });
      workers.push(worker);
      return worker;
    },
    async assigned(partitions) {
      await ownership.assigned(partitions);
      for (const owned of ownership.all) outbox.kick(owned);
      gate.open();
    },
    consume: (batch) => consumeCommands(admission, batch),
    repair: (signal) =>
      produceAgain(
        {
          db,
          producer,
          topic: topics.commands,
          positions: () => consumer?.positions() ?? [],
          onProducedAgain: (count) => counted.producedAgain(count),
          logger,
        },
        signal,
      ),
    async handOver() {
      gate.shut();
      await gate.empty();
      await Promise.all(ownership.all.map(({ publisher }) => publisher.idle()));
      await watermarks.flush();
    },
    async drain() {
      stopping.abort();
      gate.open();
      await Promise.all([scheduler.idle(), outbox.idle(), pauses.idle(), ...workers.map((worker) => worker.idle())]);
      await Promise.all(ownership.all.map(({ publisher }) => publisher.idle()));
      await watermarks.flush();
    },
  };
}

/** What is done and told to nobody would hold its partition's commits for good, so it may not go unnoticed. */
function connected(consumer: Consumer | undefined): Consumer {
  if (!consumer) throw new Error("messages came before their consumer was connected");
  return consumer;
}

/** {@link AbortSignal.any} asks its sources again each time that it is asked, which every step does. */
function abortedWith(...sources: readonly AbortSignal[]): AbortSignal {
  const either = new AbortController();
  const { signal } = either;
  if (sources.some(({ aborted }) => aborted)) either.abort();
  for (const source of sources) source.addEventListener("abort", () => either.abort(), { once: true, signal });
  return signal;
}

/** One wide line an attempt; one that was done is for debugging only. */
function report({ row, step, direction, attempt, outcome, durationMs }: StepReport, logger: Logger): void {
  const level = outcome.kind === "done" ? "debug" : "info";
  if (!logger.isLevelEnabled(level)) return;
  logger[level](
    {
      operationId: row.id,
      operationType: row.type,
      tenantId: row.tenantId,
      partition: row.partition,
      step,
      direction,
      attempt,
      outcome: outcome.kind,
      code: "error" in outcome ? outcome.error.code : undefined,
      durationMs: Math.round(durationMs * 10) / 10,
    },
    "step.attempted",
  );
}
