import {
  type AdminConnection,
  connectAdmin,
  type GroupPosition,
  type KafkaConnection,
  readGroupPositions,
} from "@postback/kafka";
import { type Logger, type Part, repeatUntilStopped } from "@postback/runtime";
import { lagBetween, type Sample } from "./lag-between.ts";
import { type PartitionLag, type RetryAfterSeconds, retryAfterOf } from "./retry-after.ts";

export interface WatchLagOptions {
  kafka: KafkaConnection;
  /** A group, and the topic that it takes from. */
  groupId: string;
  topic: string;
  logger: Logger;
}

export interface WatchedLag {
  /** Never waits: it is what the last look saw. */
  retryAfterSeconds: RetryAfterSeconds;
  /** The last look, as long as it says something about now. */
  seen(): { readonly at: Date; readonly lags: ReadonlyMap<number, PartitionLag> } | undefined;
  part: Part;
}

const everyMs = 2_000;
/** An older look says nothing about now. */
const freshMs = 10_000;

/** Looks at how far a group is behind, for `Retry-After` and for who asks: over a connection of its own, off the way of requests. */
export function watchLag({ kafka, groupId, topic, logger }: WatchLagOptions): WatchedLag {
  let last: Sample | undefined;
  let lags = new Map<number, PartitionLag>();
  let at = new Date();
  let admin: AdminConnection | undefined;
  const look = async () => {
    try {
      admin ??= await connectAdmin(kafka);
      const positions: GroupPosition[] = await readGroupPositions(admin, groupId, topic);
      const sample = { atMs: performance.now(), positions };
      if (last !== undefined) lags = lagBetween(last, sample);
      last = sample;
      at = new Date();
    } catch (error) {
      await admin?.[Symbol.asyncDispose]();
      admin = undefined;
      throw error;
    }
  };
  const run = async (signal: AbortSignal) => {
    await repeatUntilStopped(look, { intervalMs: everyMs, signal, logger, event: "lag.not-read" });
    await admin?.[Symbol.asyncDispose]();
  };
  const isFresh = () => last !== undefined && performance.now() - last.atMs < freshMs;
  return {
    retryAfterSeconds: (partition) => retryAfterOf(isFresh() ? lags.get(partition) : undefined),
    seen: () => (isFresh() && lags.size > 0 ? { at, lags } : undefined),
    part: { name: `watch-lag ${groupId}`, run },
  };
}
