import { type AdminConnection, connectAdmin } from "../admin.ts";
import type { KafkaConnection } from "../connection.ts";
import type { Consumer } from "../consumer/options.ts";
import { readSightings } from "./read-sightings.ts";
import { lagOf, type PartitionLag, type Standstill, standstills } from "./stall.ts";

export interface Stall {
  groupId: string;
  /** `no-progress`: partitions lag and don't move. `no-heartbeat`: the coordinator hasn't heard of this member, though Kafka answers us. */
  reason: "no-progress" | "no-heartbeat";
  /** How long it has stood still, ms. */
  stalledMs: number;
  partitions: readonly Standstill[];
}

export interface WatchdogOptions {
  consumer: Consumer;
  connection: KafkaConnection;
  groupId: string;
  /** Default 60,000. */
  stallMaxMs?: number;
  /** Default 5,000. */
  intervalMs?: number;
  /** Called once; the process should log it and end. */
  onStall(stall: Stall): void;
}

export interface Watchdog {
  /** As of the last look, for metrics. */
  lag(): readonly PartitionLag[];
  stop(): Promise<void>;
}

/**
 * Looks at a consumer from outside, over a connection of its own: a partition that lags and hasn't moved for `stallMaxMs`, without a
 * deliberate hold, is a stall. While Kafka doesn't answer the watchdog can't tell, and time doesn't count.
 * @throws {KafkaUnavailable} when no broker answers at the start
 */
export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const watchdog = new ProgressWatchdog(
    { stallMaxMs: 60_000, intervalMs: 5_000, ...options },
    await connectAdmin(options.connection),
  );
  watchdog.start();
  return watchdog;
}

class ProgressWatchdog implements Watchdog {
  readonly #options: Required<WatchdogOptions>;
  readonly #admin: AdminConnection;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #standing: Standstill[] = [];
  #lag: PartitionLag[] = [];
  #silentSinceMs: number | undefined;
  #stopped = false;

  constructor(options: Required<WatchdogOptions>, admin: AdminConnection) {
    this.#options = options;
    this.#admin = admin;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().then(() => this.start());
    }, this.#options.intervalMs);
  }

  lag(): readonly PartitionLag[] {
    return this.#lag;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#admin[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    const { consumer, groupId, connection } = this.#options;
    try {
      const sightings = await readSightings(this.#admin.client, groupId, consumer);
      const nowMs = Date.now();
      this.#lag = sightings.map(lagOf);
      this.#standing = consumer.held ? [] : standstills(this.#standing, sightings, nowMs);
      this.#judge(nowMs);
    } catch (error) {
      connection.logger.warn({ err: error, groupId }, "the watchdog could not ask Kafka");
      this.#standing = [];
      this.#silentSinceMs = undefined;
    }
  }

  #judge(nowMs: number): void {
    const { stallMaxMs } = this.#options;
    const stalled = this.#standing.filter(({ sinceMs }) => nowMs - sinceMs >= stallMaxMs);
    const silentMs = this.#silentMs(nowMs);
    if (stalled.length > 0) {
      const stalledMs = nowMs - Math.min(...stalled.map(({ sinceMs }) => sinceMs));
      this.#report({ reason: "no-progress", stalledMs, partitions: stalled });
    } else if (silentMs >= stallMaxMs) {
      this.#report({ reason: "no-heartbeat", stalledMs: silentMs, partitions: [] });
    }
  }

  /** Counted from when Kafka answered us while the member was silent, so that an outage isn't taken for the consumer's fault. */
  #silentMs(nowMs: number): number {
    const silent = nowMs - this.#options.consumer.lastHeartbeatAtMs >= this.#options.stallMaxMs;
    this.#silentSinceMs = silent ? (this.#silentSinceMs ?? nowMs) : undefined;
    return nowMs - (this.#silentSinceMs ?? nowMs);
  }

  #report(stall: Omit<Stall, "groupId">): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const { connection, groupId, onStall } = this.#options;
    connection.logger.error({ groupId, ...stall }, "consumer stalled");
    onStall({ groupId, ...stall });
  }
}
