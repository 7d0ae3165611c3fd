import { type StepHeader, stepHeaderSchema, unpackHeader } from "@postback/contracts";
import { findStepResult, loadOperation, type OperationRow } from "@postback/database";
import type { GivenUp, IncomingMessage, PartitionBatch } from "@postback/kafka";

import { keepTrying } from "@postback/runtime";
import type { Slots } from "../steps/slots.ts";
import { type WorkOptions, workStep } from "./work-step.ts";

export interface QueueWorkerOptions extends WorkOptions {
  /** Steps of this queue that are worked at once. */
  slots: Slots;
  done(batch: PartitionBatch, offset: number): void;
  /** Resolves when the message is in `dead-letters` and listed. */
  giveUp(givenUp: GivenUp): Promise<void>;
  /** Called when more than {@link waitingMax} steps wait, and again when half of them do. */
  onPressure(isHigh: boolean): void;
}

/** Steps that wait for a slot, at most; then the queue's consumption pauses. */
const waitingMax = 500;

/** Carries the steps of one queue: one attempt for each that its owner still waits for. */
export class QueueWorker {
  readonly #options: QueueWorkerOptions;
  /** Handed over again, or by a rebalance, while it is being worked: once is enough. */
  readonly #working = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #isHigh = false;

  constructor(options: QueueWorkerOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#running.size;
  }

  async consume(batch: PartitionBatch): Promise<void> {
    for (const message of batch.messages) {
      const unpacked = unpackHeader(stepHeaderSchema, message.header);
      if (unpacked.ok) this.#begin(batch, message, unpacked.header);
      else await this.#giveUp(batch, message, unpacked.detail);
    }
  }

  /** Resolves when nothing that had begun is still worked. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #giveUp(batch: PartitionBatch, message: IncomingMessage, detail: string): Promise<void> {
    await this.#options.giveUp({ batch, message, reason: "unreadable-header", detail });
    this.#options.done(batch, message.offset);
  }

  #begin(batch: PartitionBatch, { offset }: IncomingMessage, header: StepHeader): void {
    const key = `${header.tenant}/${header.operationId}/${header.step}/${header.version}`;
    if (this.#working.has(key)) return this.#options.done(batch, offset);
    this.#working.add(key);
    const work = this.#options.slots
      .use(() => this.#work(header))
      .then((isSettled) => {
        if (isSettled) this.#options.done(batch, offset);
      })
      .finally(() => {
        this.#working.delete(key);
        this.#running.delete(work);
        this.#feelPressure();
      });
    this.#running.add(work);
    this.#feelPressure();
  }

  /** @returns false when the process stops before it is known: the message stays, and whoever reads it next begins anew */
  async #work(header: StepHeader): Promise<boolean> {
    const { logger, stopping } = this.#options;
    const fields = { operationId: header.operationId, step: header.step };
    const attempt = async () => {
      const row = await this.#wanted(header);
      return row === undefined || (await workStep(this.#options, row));
    };
    return (await keepTrying(attempt, { logger, event: "step.not-worked", fields, signal: stopping })) ?? false;
  }

  /** The operation, if it still waits for this very step and has no result of it. */
  async #wanted(header: StepHeader): Promise<OperationRow | undefined> {
    const { db } = this.#options;
    const row = await loadOperation(db, header.tenant, header.operationId);
    if (!row || row.completedAt !== null) return undefined;
    if (row.dispatchedStep !== header.step || row.dispatchedVersion !== header.version) return undefined;
    if (row.version !== header.version) return undefined;
    const dispatched = { tenantId: row.tenantId, operationId: row.id, step: header.step, version: header.version };
    return (await findStepResult(db.pool, dispatched)) ? undefined : row;
  }

  #feelPressure(): void {
    const isHigh = this.#isHigh ? this.#running.size > waitingMax / 2 : this.#running.size > waitingMax;
    if (isHigh === this.#isHigh) return;
    this.#isHigh = isHigh;
    this.#options.onPressure(isHigh);
  }
}
