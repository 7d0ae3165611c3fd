import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import type { HeadResult, Queued } from "../queues/partition-queues.ts";
import { Slots } from "./slots.ts";

export interface SchedulerOptions {
  /** Operations worked at once, each of another entity. */
  stepsMax: number;
  /** Carries one operation on. */
  run(owned: OwnedPartition, head: Queued): Promise<HeadResult>;
  logger: Logger;
}

const retryFirstMs = 100;
const retryMaxMs = 5_000;

/** Works the heads of all partitions' queues, a bounded number at once. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #slots: Slots;
  readonly #running = new Set<Promise<void>>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#slots = new Slots(options.stepsMax);
  }

  /** Operations that are worked or wait for a slot. */
  get running(): number {
    return this.#running.size;
  }

  /** The turn of an operation has come. */
  submit(owned: OwnedPartition, head: Queued): void {
    const work = this.#slots.use(() => this.#work(owned, head)).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Resolves when nothing is running or waiting for a slot. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #work(owned: OwnedPartition, head: Queued): Promise<void> {
    owned.queues.finished(head, await this.#runUntilKnown(owned, head));
  }

  /** Postgres may be away: the operation is then as its row says, and is read again. */
  async #runUntilKnown(owned: OwnedPartition, head: Queued): Promise<HeadResult> {
    for (let attempt = 1; !owned.lost.signal.aborted; attempt += 1) {
      try {
        return await this.#options.run(owned, head);
      } catch (error) {
        this.#options.logger.error({ err: error, operationId: head.id, attempt }, "operation.not-carried-on");
        head.row = undefined;
        await sleep(Math.min(retryFirstMs * 2 ** (attempt - 1), retryMaxMs));
      }
    }
    return { kind: "held" };
  }
}
