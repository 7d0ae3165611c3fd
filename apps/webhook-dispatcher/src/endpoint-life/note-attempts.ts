import type { FailingEndpoint, NotedEndpoint, NotedFailures } from "@postback/database";
import {
  type AttemptOutcome,
  type AttemptTally,
  type FailingPolicy,
  isFailingForGood,
  tallied,
} from "@postback/domain";
import { type Logger, repeatUntilStopped } from "@postback/runtime";

export interface AttemptNotesOptions {
  noteSuccesses(endpoints: readonly NotedEndpoint[]): Promise<void>;
  /** Answers how long each of them has been failing. */
  noteFailures(failures: readonly NotedFailures[]): Promise<readonly FailingEndpoint[]>;
  /** False when it is off already, or has had a success meanwhile. */
  disable(endpoint: NotedEndpoint): Promise<boolean>;
  policy: FailingPolicy;
  /** Milliseconds since 1970. */
  clock(): number;
  logger: Logger;
}

interface Noted {
  readonly tenantId: string;
  readonly endpointId: string;
  readonly tally: AttemptTally;
}

const intervalMs = 1_000;
/**
 * A success of an endpoint that succeeds anyhow is noted so often at most: it only has to end what others may have seen
 * fail, and whoever has failed for days was not noted as succeeding a minute ago.
 */
const successAgainMs = 60_000;
/** Endpoints noted in one statement. */
const batchMax = 1_000;

/**
 * Keeps in Postgres how endpoints are, by the outcomes of their attempts: off the way of the deliveries, once a second.
 * What a crash takes with it is a second's worth, which the next attempts say again.
 */
export class AttemptNotes {
  readonly #options: AttemptNotesOptions;
  #noted = new Map<string, Noted>();
  /** When a success was last noted, of endpoints that have had no failure since. */
  readonly #healthy = new Map<string, number>();

  constructor(options: AttemptNotesOptions) {
    this.#options = options;
  }

  add({ tenantId, endpointId }: NotedEndpoint, outcome: AttemptOutcome): void {
    const nowMs = this.#options.clock();
    const before = this.#noted.get(endpointId);
    if (outcome.kind !== "accepted") this.#healthy.delete(endpointId);
    else if (before === undefined && this.#isKnownHealthy(endpointId, nowMs)) return;
    this.#noted.set(endpointId, { tenantId, endpointId, tally: tallied(before?.tally, outcome, nowMs) });
  }

  /** Notes every second until it is stopped, and then the rest. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    await repeatUntilStopped(() => this.flush(), { intervalMs, signal, logger, event: "endpoint-health.not-noted" });
    await this.flush().catch((error: unknown) => logger.warn({ err: error }, "endpoint-health.not-noted"));
  }

  /** What can't be noted is lost: the next attempts say it again. */
  async flush(): Promise<void> {
    const nowMs = this.#options.clock();
    const all = [...this.#noted.values()];
    this.#noted = new Map();
    this.#forgetOld(nowMs);
    for (let from = 0; from < all.length; from += batchMax) await this.#note(all.slice(from, from + batchMax), nowMs);
  }

  async #note(batch: readonly Noted[], nowMs: number): Promise<void> {
    const { noteSuccesses, noteFailures, policy } = this.#options;
    const succeeded = batch.filter(({ tally }) => tally.succeeded);
    if (succeeded.length > 0) await noteSuccesses(succeeded.map(keyOf));
    for (const { endpointId, tally } of succeeded) if (!tally.failures) this.#healthy.set(endpointId, nowMs);
    const failures = batch.flatMap((noted) => toFailures(noted, nowMs));
    if (failures.length === 0) return;
    for (const failing of await noteFailures(failures)) {
      if (isFailingForGood(failing, policy)) await this.#disable(failing);
    }
  }

  async #disable({ tenantId, endpointId, failures }: FailingEndpoint): Promise<void> {
    const { disable, logger } = this.#options;
    if (!(await disable({ tenantId, endpointId }))) return;
    logger.info({ tenantId, endpointId, reason: "failing", count: failures }, "endpoint.disabled");
  }

  #isKnownHealthy(endpointId: string, nowMs: number): boolean {
    return nowMs - (this.#healthy.get(endpointId) ?? Number.NEGATIVE_INFINITY) < successAgainMs;
  }

  #forgetOld(nowMs: number): void {
    for (const endpointId of this.#healthy.keys()) {
      if (!this.#isKnownHealthy(endpointId, nowMs)) this.#healthy.delete(endpointId);
    }
  }
}

const keyOf = ({ tenantId, endpointId }: Noted): NotedEndpoint => ({ tenantId, endpointId });

function toFailures({ tenantId, endpointId, tally }: Noted, nowMs: number): NotedFailures[] {
  if (!tally.failures) return [];
  const { count, receiverCount, firstAtMs, lastAtMs } = tally.failures;
  return [{ tenantId, endpointId, count, receiverCount, firstAgeMs: nowMs - firstAtMs, lastAgeMs: nowMs - lastAtMs }];
}
