import { claimReplays, releaseReplays } from "@postback/database";
import { type Logger, type Metrics, sleepUnlessAborted } from "@postback/runtime";
import { type HeldReplay, holdReplay } from "./held-replay.ts";
import { type StepOptions, stepReplay } from "./step-replay.ts";

export interface ReplaysOptions extends StepOptions {
  /** Deliveries were made: look at the schedule. */
  onFed(): void;
  metrics: Metrics;
  logger: Logger;
}

/** Replays that one dispatcher works at once; more wait for another, or for an end. */
const heldMax = 16;
const claimEveryMs = 500;
/** Between two rounds, in which those are looked at whose time has come: a long replay is no busy loop. */
const roundMs = 5;
const retryMs = 1_000;

/**
 * Works replays: makes their deliveries, a few at a time, which the schedule then sends like any other. Each is worked by
 * one dispatcher, under a lease that is renewed at each step; all that it needs to go on is in its row.
 */
export class Replays {
  readonly #options: ReplaysOptions;
  readonly #held = new Map<string, HeldReplay>();
  readonly #fed: { inc(count: number): void };
  #claimAtMs = 0;

  constructor(options: ReplaysOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#fed = metrics.counter({ name: "replayed_deliveries_total", help: "Deliveries that replays have made" });
    metrics.gauge({
      name: "replays_held",
      help: "Replays that this dispatcher works",
      collect: (gauge) => gauge.set(this.#held.size),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { logger, db, owner } = this.#options;
    while (!signal.aborted) {
      const restMs = await this.#round().catch((error: unknown) => {
        logger.warn({ err: error }, "replays.not-worked");
        return retryMs;
      });
      await sleepUnlessAborted(restMs, signal);
    }
    // Without Postgres nobody can take over yet, and the leases end by themselves.
    await releaseReplays(db, owner).catch((error: unknown) => logger.warn({ err: error }, "replays.not-released"));
  }

  /** One step of each whose time has come. @returns how long to rest, milliseconds */
  async #round(): Promise<number> {
    const { clock } = this.#options;
    await this.#claim();
    for (const [id, held] of this.#held) if (held.lookAtMs <= clock()) await this.#step(id, held);
    if (this.#held.size === 0) return claimEveryMs;
    const nextMs = Math.min(this.#claimAtMs, ...[...this.#held.values()].map(({ lookAtMs }) => lookAtMs));
    return Math.max(roundMs, nextMs - clock());
  }

  async #step(id: string, held: HeldReplay): Promise<void> {
    const result = await stepReplay(held, this.#options);
    if (result.kind === "over") this.#drop(id, held);
    else if (result.kind === "idle") held.lookAtMs = this.#options.clock() + result.lookAgainMs;
    else if (result.fed > 0) this.#told(result.fed);
  }

  async #claim(): Promise<void> {
    const { db, owner, clock, logger } = this.#options;
    const room = heldMax - this.#held.size;
    if (room === 0 || clock() < this.#claimAtMs) return;
    this.#claimAtMs = clock() + claimEveryMs;
    for (const row of await claimReplays(db, owner, room)) {
      this.#held.set(row.id, holdReplay(row));
      logger.info({ tenantId: row.tenantId, endpointId: row.endpointId, replay: row.id }, "replay.taken");
    }
  }

  #drop(id: string, { row }: HeldReplay): void {
    this.#held.delete(id);
    this.#options.logger.info({ tenantId: row.tenantId, endpointId: row.endpointId, replay: id }, "replay.left");
  }

  #told(fed: number): void {
    this.#fed.inc(fed);
    this.#options.onFed();
  }
}
