import { setTimeout as sleep } from "node:timers/promises";
import { nowUs } from "../measure/clock.ts";
import type { RunOrder } from "../protocol.ts";
import { scenarios } from "../scenarios.ts";
import type { RunSender } from "./run-sender.ts";

/**
 * As many senders as connections; each sends its next when it was answered. While more deliveries are owed than may be,
 * they pause, so that what is measured is how fast webhooks go out and not how fast a backlog grows.
 */
export class ClosedLoop {
  readonly #order: RunOrder;
  readonly #sender: RunSender;
  readonly #outstandingMax: number;
  readonly #deliveriesEach: number;
  #delivered = 0;
  #paused = 0;
  #isOver = false;

  constructor(order: RunOrder, outstandingMax: number, sender: RunSender) {
    this.#order = order;
    this.#sender = sender;
    this.#outstandingMax = outstandingMax;
    this.#deliveriesEach = scenarios[order.scenario].endpoints;
  }

  /** Resolves at the end of the run's time, when some may still be unanswered. */
  async run(): Promise<void> {
    const { connections, startAtUs, seconds } = this.#order;
    await sleep(Math.max(0, (startAtUs - nowUs()) / 1e3));
    for (let sender = 0; sender < connections; sender += 1) this.#next();
    await sleep((startAtUs + seconds * 1e6 - nowUs()) / 1e3);
    this.#isOver = true;
  }

  /** @param count deliveries of this run that have arrived so far */
  noteDelivered(count: number): void {
    this.#delivered = count;
    while (this.#paused > 0 && this.#hasRoom()) {
      this.#paused -= 1;
      this.#next();
    }
  }

  #next(): void {
    if (this.#isOver) return;
    if (this.#hasRoom()) this.#sender.send(nowUs(), () => this.#next());
    else this.#paused += 1;
  }

  #hasRoom(): boolean {
    const { accepted, inFlight } = this.#sender;
    return (accepted + inFlight) * this.#deliveriesEach - this.#delivered < this.#outstandingMax;
  }
}
