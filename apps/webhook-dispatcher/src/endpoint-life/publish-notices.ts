import { type Database, deleteNotices, takeNotices } from "@postback/database";
import type { Producer } from "@postback/kafka";
import { type Logger, repeatUntilStopped } from "@postback/runtime";
import { noticeMessage } from "./notice-message.ts";

export interface PublishNoticesOptions {
  db: Database;
  producer: Producer;
  /** `events`, with its prefix. */
  topic: string;
  partitions: number;
  logger: Logger;
}

const intervalMs = 500;
const batchMax = 200;
/** Longer than Kafka's client tries: another dispatcher takes them only when this one is gone. */
const leaseMs = 60_000;

/**
 * Brings what happened to endpoints to Kafka. The row, made together with what it tells of, is deleted after the
 * acknowledgement: a crash in between produces it again, under the same id.
 */
export function publishNotices(options: PublishNoticesOptions, signal: AbortSignal): Promise<void> {
  const { logger } = options;
  return repeatUntilStopped(() => publishAll(options, signal), {
    intervalMs,
    signal,
    logger,
    event: "notices.not-published",
  });
}

async function publishAll(options: PublishNoticesOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await publishSome(options)) === batchMax);
}

/** @returns how many there were */
async function publishSome({ db, producer, topic, partitions }: PublishNoticesOptions): Promise<number> {
  const notices = await takeNotices(db, { max: batchMax, leaseMs });
  const sent = await Promise.allSettled(
    notices.map((notice) => producer.send(noticeMessage(notice, topic, partitions))),
  );
  await deleteNotices(
    db,
    notices.filter((_, index) => sent[index]?.status === "fulfilled"),
  );
  const failure = sent.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  return notices.length;
}
