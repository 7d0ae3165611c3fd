import { setTimeout as sleep } from "node:timers/promises";
import { claimHandshakes, type Database, type DueHandshake, failHandshake, verifyEndpoint } from "@postback/database";
import { delayBeforeHandshake } from "@postback/domain";
import { type Logger, repeatUntilStopped } from "@postback/runtime";
import type { AgentPool } from "../send/agent-pool.ts";
import { askReceiver, handshakeTimeoutMs } from "./ask-receiver.ts";

export interface HandshakesOptions {
  db: Database;
  agents: AgentPool;
  /** `WebHook-Request-Origin`: this system, whatever process of it asks. */
  origin: string;
  logger: Logger;
}

const intervalMs = 500;
/** Receivers asked at once, so that one that never answers holds up nobody's registration. */
const asksMax = 32;
/** At the end, for answers that are about to come; within the grace of the process. */
const endWaitMaxMs = 3_000;
/** Longer than any of them takes; then another dispatcher asks. */
const leaseMs = handshakeTimeoutMs + 5_000;

/** Asks receivers of endpoints that need their consent, and enables those that give it. */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #asking = new Set<Promise<void>>();

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    await repeatUntilStopped(() => this.#look(), { intervalMs, signal, logger, event: "handshakes.not-read" });
    // What is out beyond it ends with its lease, and somebody else asks.
    await Promise.race([Promise.all(this.#asking), sleep(endWaitMaxMs, undefined, { ref: false })]);
  }

  async #look(): Promise<void> {
    const limit = asksMax - this.#asking.size;
    if (limit === 0) return;
    for (const due of await claimHandshakes(this.#options.db, { limit, leaseMs })) {
      const asked = this.#ask(due).finally(() => this.#asking.delete(asked));
      this.#asking.add(asked);
    }
  }

  async #ask(due: DueHandshake): Promise<void> {
    const { db, agents, origin, logger } = this.#options;
    const { tenantId, endpointId, attempt } = due;
    const consent = await askReceiver(agents, due, origin);
    const line = { tenantId, endpointId, attempt };
    try {
      if (consent.given) {
        await verifyEndpoint(db, due, consent.ratePerSecond);
        logger.info(line, "endpoint.verified");
      } else {
        const delayMs = delayBeforeHandshake(attempt);
        await failHandshake(db, due, consent.reason, delayMs ?? null);
        logger.info({ ...line, reason: consent.reason, delayMs }, "endpoint.not-verified");
      }
    } catch (error) {
      // Its lease ends, and it is asked again.
      logger.warn({ ...line, err: error }, "handshake.not-recorded");
    }
  }
}
