import { setTimeout as sleep } from "node:timers/promises";
import type { EachBatchPayload } from "kafkajs";
import type { Gathering } from "./gathering.ts";
import type { Generations } from "./generations.ts";
import type { GroupSession } from "./group-session.ts";
import { toIncoming } from "./incoming.ts";
import type { ConsumerSettings } from "./options.ts";
import type { PartitionProgress, TopicPartition } from "./partition-progress.ts";

interface Gate {
  settings: ConsumerSettings;
  generations: Generations;
  gathering: Gathering;
  /** Whether this partition's batches are to be left where they are. */
  isClosed(at: TopicPartition): boolean;
  wait(work: Promise<void>, heartbeat: () => Promise<void>, session: GroupSession): Promise<boolean>;
  fail(error: unknown): void;
}

/**
 * The batch handler for kafkajs. A batch that isn't handed over (paused, revoked, stopping) isn't resolved, so it is fetched again.
 * One that is counts as read at once, before the handler: whatever happens to the fetch loop meanwhile, it isn't handed over twice
 * in a generation. Throws nothing but what `heartbeat` throws.
 */
export async function handOver(payload: EachBatchPayload, gate: Gate): Promise<void> {
  const { batch, heartbeat } = payload;
  const session = gate.generations.current;
  const progress = session?.progressOf(batch);
  if (session === undefined || progress === undefined) return;
  session.commit = payload.commitOffsetsIfNecessary;
  if (!session.isReady) await gate.wait(session.ready, heartbeat, session);
  if (progress.handing !== undefined) await gate.wait(progress.handing, heartbeat, session);
  const open = session.isReady && !session.revoked && progress.handing === undefined && !gate.isClosed(batch);
  if (!open) return;
  const handing = begin(payload, session, progress, gate);
  progress.handing = handing.then(() => {
    progress.handing = undefined;
  });
  await gate.wait(progress.handing, heartbeat, session);
  // kafkajs fetches again when all batches of a fetch have come back.
  const leftMs = gate.gathering.leftMs(performance.now());
  if (leftMs > 0) await sleep(leftMs);
}

/** Never rejects. */
async function begin(
  payload: EachBatchPayload,
  session: GroupSession,
  progress: PartitionProgress,
  gate: Gate,
): Promise<void> {
  const { batch, resolveOffset } = payload;
  const { topic, partition } = batch;
  const { generation } = session;
  try {
    const messages = batch.messages.map(toIncoming);
    gate.gathering.add(messages.length, performance.now());
    const endOffset = Number(batch.highWatermark);
    progress.handOver(
      messages.map(({ offset }) => offset),
      Number(batch.lastOffset()),
      endOffset,
    );
    resolveOffset(batch.messages.at(-1)?.offset ?? batch.lastOffset());
    await gate.settings.onBatch({ topic, partition, messages, endOffset, generation });
  } catch (error) {
    gate.fail(error);
  }
}
