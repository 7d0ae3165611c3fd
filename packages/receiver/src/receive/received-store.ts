/**
 * Remembers what was received. Postback brings an event at least once: when an answer is lost, it comes again under the
 * same `webhook-id`.
 */
export interface ReceivedStore<Tx = void> {
  /**
   * Does the work unless it was done under this key before. What throws was not done. A store in a database gives `work`
   * its transaction, so that the work and the key are kept together, or neither.
   */
  once(key: string, work: (tx: Tx) => Promise<void>): Promise<"done" | "repeated">;
}

export interface MemoryStoreOptions {
  /** Keys that are remembered; the oldest go first. Default 10,000. */
  readonly keysMax?: number;
}

/** Remembers in this process: for one process whose work may be done once more after a restart. */
export function memoryStore({ keysMax = 10_000 }: MemoryStoreOptions = {}): ReceivedStore {
  const done = new Set<string>();
  const running = new Map<string, Promise<void>>();
  return {
    async once(key, work) {
      if (done.has(key)) return "repeated";
      const underWay = running.get(key);
      if (underWay !== undefined) {
        // What comes twice at the same time fails together: both are sent again.
        await underWay;
        return "repeated";
      }
      const working = work();
      running.set(key, working);
      try {
        await working;
      } finally {
        running.delete(key);
      }
      remember(done, key, keysMax);
      return "done";
    },
  };
}

function remember(done: Set<string>, key: string, keysMax: number): void {
  done.add(key);
  const [oldest] = done;
  if (done.size > keysMax && oldest !== undefined) done.delete(oldest);
}
