/** What every step passes: held shut before partitions are handed over, so that nothing new begins. */
export class Gate {
  #inside = 0;
  #open: PromiseWithResolvers<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  /** Runs the work once the gate is open. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#open) await this.#open.promise;
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) this.#empty?.resolve();
    }
  }

  shut(): void {
    this.#open ??= Promise.withResolvers();
  }

  open(): void {
    this.#open?.resolve();
    this.#open = undefined;
  }

  /** Resolves when nobody is inside. */
  async empty(): Promise<void> {
    if (this.#inside === 0) return;
    this.#empty ??= Promise.withResolvers();
    await this.#empty.promise;
    this.#empty = undefined;
  }
}
