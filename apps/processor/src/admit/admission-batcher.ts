import { type Admission, isDataFailure, type PartitionCommands } from "@postback/database";

interface Waiting {
  readonly batch: PartitionCommands;
  resolve(admission: Admission): void;
  reject(error: unknown): void;
}

/** Commands in one statement, at most. */
const commandsMax = 500;

/**
 * Admits the batches of all partitions together: one statement is under way, what comes meanwhile goes in the next. At a
 * low rate each partition's batch is a single command, and a statement for each would cost more than the step it begins.
 */
export class AdmissionBatcher {
  readonly #admit: (batches: readonly PartitionCommands[]) => Promise<Admission[]>;
  readonly #waiting: Waiting[] = [];
  #isAdmitting = false;

  constructor(admit: (batches: readonly PartitionCommands[]) => Promise<Admission[]>) {
    this.#admit = admit;
  }

  /** @throws when nothing of the batch was admitted: Postgres is away, or refuses its data (SQLSTATE 22, 23) */
  admit(batch: PartitionCommands): Promise<Admission> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      if (!this.#isAdmitting) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isAdmitting = true;
    while (this.#waiting.length > 0) await this.#admitTogether(this.#take());
    this.#isAdmitting = false;
  }

  /** Those that came first, as far as they fit; an id that comes twice waits, because a statement takes it once. */
  #take(): Waiting[] {
    const taken: Waiting[] = [];
    const ids = new Set<string>();
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const keys = next.batch.commands.map(({ tenantId, id }) => `${tenantId}/${id}`);
      const fits = taken.length === 0 || ids.size + keys.length <= commandsMax;
      if (!fits || keys.some((key) => ids.has(key))) break;
      for (const key of keys) ids.add(key);
      taken.push(next);
      this.#waiting.shift();
    }
    return taken;
  }

  async #admitTogether(together: readonly Waiting[]): Promise<void> {
    try {
      const admissions = await this.#admit(together.map(({ batch }) => batch));
      for (const [index, { resolve }] of together.entries()) resolve(admissions[index] ?? { kind: "fenced" });
    } catch (error) {
      if (together.length === 1 || !isDataFailure(error)) {
        for (const { reject } of together) reject(error);
        return;
      }
      // One of them is at fault: each by itself, so that only that one fails.
      for (const each of together) await this.#admitTogether([each]);
    }
  }
}
