import { keepTrying, type Logger } from "@postback/runtime";
import type { OwnedPartition } from "../own/owned-partition.ts";
import type { HeadResult, Queued } from "../queues/queued.ts";
import { Slots } from "./slots.ts";

export interface SchedulerOptions {
  /** Operations worked at once, each of another entity. */
  stepsMax: number;
  /** Carries one operation on. */
  run(owned: OwnedPartition, head: Queued): Promise<HeadResult>;
  logger: Logger;
}

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
    const { logger, run } = this.#options;
    const attempt = async () => {
      try {
        return await run(owned, head);
      } catch (error) {
        head.row = undefined;
        throw error;
      }
    };
    const fields = { operationId: head.id };
    const { signal } = owned.lost;
    const result = await keepTrying(attempt, { logger, event: "operation.not-carried-on", fields, signal });
    return result ?? { kind: "held" };
  }
}
