import { entityKey } from "@postback/contracts";
import type { PauseRow } from "@postback/database";

/**
 * `granting`: this owner has stopped the entity, and its grant is on its way; the row may have it already or never get it.
 */
type Standing = "asked" | "granting" | "granted";

interface PausedEntity {
  readonly pauses: Map<string, Standing>;
  /** A step wanted to begin in a pause: it goes before the next one, so that pauses can't starve what is queued. */
  isStepOwed: boolean;
}

/** How much later than the owner a worker may know that its time has begun, and let go, milliseconds. */
const workerSlackMs = 1_000;

/**
 * Which entities of a partition rest while ingest does sync steps ahead of their operations (`whenBusy: "run"`), and which
 * have a step under way. All of it is decided without waiting: an entity is stopped here first, then the row says so.
 */
export class EntityPauses {
  readonly #onGranting: () => void;
  readonly #entities = new Map<string, PausedEntity>();
  readonly #atWork = new Set<string>();
  /** Until when a worker may be at a step that was taken back from it, milliseconds of `performance.now()`. */
  readonly #workedUntilMs = new Map<string, number>();
  #isWithheld = false;

  /** @param onGranting there are {@link granting} pauses to be written */
  constructor(onGranting: () => void) {
    this.#onGranting = onGranting;
  }

  /** Nothing is asked for or granted. */
  get isEmpty(): boolean {
    return this.#entities.size === 0;
  }

  /** Performs a step of an entity, unless it rests. At most one at a time for each. */
  async pass<T>(key: string, step: () => Promise<T>): Promise<T | undefined> {
    const entity = this.#entities.get(key);
    if (entity && isResting(entity)) {
      entity.isStepOwed = true;
      return undefined;
    }
    this.#atWork.add(key);
    try {
      return await step();
    } finally {
      this.#atWork.delete(key);
      this.#stepEnded(key);
    }
  }

  /** A step was taken back from its queue: a worker that has it is done with it after the step's time. */
  takenBack(key: string, timeoutMs: number, slackMs = workerSlackMs): void {
    this.#workedUntilMs.set(key, performance.now() + timeoutMs + slackMs);
  }

  /** Grants nothing new: commands of the partition wait until sync steps have ended, and more would come before them. */
  withhold(): void {
    this.#isWithheld = true;
  }

  /** Grants again. */
  allow(): void {
    if (!this.#isWithheld) return;
    this.#isWithheld = false;
    if (this.#stopAll()) this.#onGranting();
  }

  /** What a look at the partition's rows found; looks come one after another. What is gone has ended, and so has its rest. */
  found(rows: readonly PauseRow[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    for (const { pauses } of this.#entities.values()) {
      for (const id of pauses.keys()) if (!ids.has(id)) pauses.delete(id);
    }
    for (const row of rows) this.#take(row);
    for (const [key, { pauses, isStepOwed }] of this.#entities) {
      if (pauses.size === 0 && !isStepOwed) this.#entities.delete(key);
    }
    for (const [key, untilMs] of this.#workedUntilMs) {
      if (untilMs <= performance.now()) this.#workedUntilMs.delete(key);
    }
    this.#stopAll();
  }

  /** The ids of pauses whose entities are stopped and whose rows are to say so. */
  granting(): string[] {
    return [...this.#entities.values()].flatMap(({ pauses }) =>
      [...pauses].flatMap(([id, standing]) => (standing === "granting" ? [id] : [])),
    );
  }

  /**
   * What came of their grant.
   * @param granted `unknown`: the answer was lost, so that they count as granted until their rows are gone
   */
  settle(ids: readonly string[], granted: readonly string[] | "unknown"): void {
    const held = new Set(granted === "unknown" ? ids : granted);
    for (const { pauses } of this.#entities.values()) {
      for (const id of ids) if (pauses.has(id)) pauses.set(id, held.has(id) ? "granted" : "asked");
    }
  }

  #take({ tenantId, entityType, entityId, id, granted }: PauseRow): void {
    const key = entityKey(tenantId, { type: entityType, id: entityId });
    const entity = this.#entities.get(key) ?? { pauses: new Map(), isStepOwed: false };
    this.#entities.set(key, entity);
    // A row that is granted and not known here was so by a former owner.
    if (!entity.pauses.has(id)) entity.pauses.set(id, granted ? "granted" : "asked");
  }

  #stepEnded(key: string): void {
    const entity = this.#entities.get(key);
    if (!entity) return;
    entity.isStepOwed = false;
    if (entity.pauses.size === 0) this.#entities.delete(key);
    else if (this.#stop(key, entity)) this.#onGranting();
  }

  #stopAll(): boolean {
    const stopped = [...this.#entities].filter(([key, entity]) => this.#stop(key, entity));
    return stopped.length > 0;
  }

  /** Stops an entity for what is asked of it, if it can be now. */
  #stop(key: string, { pauses, isStepOwed }: PausedEntity): boolean {
    if (this.#isWithheld || isStepOwed || this.#atWork.has(key)) return false;
    if ((this.#workedUntilMs.get(key) ?? 0) > performance.now()) return false;
    const asked = [...pauses].filter(([, standing]) => standing === "asked");
    for (const [id] of asked) pauses.set(id, "granting");
    return asked.length > 0;
  }
}

const isResting = ({ pauses }: PausedEntity): boolean => [...pauses.values()].some((standing) => standing !== "asked");
