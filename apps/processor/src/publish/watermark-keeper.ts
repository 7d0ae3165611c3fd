import { type Database, type MovedWatermark, moveWatermarks } from "@postback/database";
import type { Logger } from "@postback/runtime";

/** How far the stored watermark may be behind: what a new owner publishes again, and readers drop by its number. */
const intervalMs = 200;

/** Moves the watermarks of all partitions in batches. */
export class WatermarkKeeper {
  readonly #db: Database;
  readonly #logger: Logger;
  #moved = new Map<number, MovedWatermark>();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Database, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
  }

  note(partition: number, epoch: bigint, number: bigint): void {
    this.#moved.set(partition, { partition, epoch: epoch.toString(), number: number.toString() });
    this.#timer ??= setTimeout(() => void this.flush(), intervalMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const moved = this.#moved;
    this.#moved = new Map();
    try {
      await moveWatermarks(this.#db, [...moved.values()]);
    } catch (error) {
      // A watermark that stays behind costs repetitions, never an event; the next move carries a higher one.
      this.#logger.warn({ err: error, partitions: moved.size }, "watermarks.not-moved");
    }
  }
}
