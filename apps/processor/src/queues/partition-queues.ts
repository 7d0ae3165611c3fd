import type { OperationRow } from "@postback/database";

/** An admitted operation that isn't ended. Its row is read when its turn comes, unless it is small and at hand. */
export interface Queued {
  readonly tenantId: string;
  readonly id: string;
  readonly entityKey: string;
  readonly position: bigint;
  row?: OperationRow | undefined;
  /** It was admitted before this owner came: a former one may have begun its step. */
  readonly inherited: boolean;
}

/** What became of an entity's first operation. */
export type HeadResult =
  /** It is final: the next one of the entity may go. */
  | { kind: "ended" }
  /** It goes on at this time, milliseconds since 1970; its entity waits with it. */
  | { kind: "wait"; untilMs: number }
  /** Nothing here leads on (stuck, no definition, lost): its entity is held. */
  | { kind: "held" };

export interface QueueBounds {
  /** Operations of one entity in memory. */
  perEntityMax: number;
  /** Of the whole partition, those that hold their entities apart. */
  perPartitionMax: number;
  /** Operations of the partition that wait for a retry or are held, each the first of its entity. */
  heldPerPartitionMax: number;
}

/** Bounds of design §3.2; what is beyond them is in Postgres and read when its turn comes. */
export const defaultBounds: QueueBounds = {
  perEntityMax: 100,
  perPartitionMax: 10_000,
  heldPerPartitionMax: 20_000,
};

export interface QueueEvents {
  /** The turn of an operation has come; answered with `finished`. */
  onReady(head: Queued): void;
  /** An entity's queue has run empty and more of it was left out: load what is above the position. */
  onEntityDrained(last: Queued): void;
  /** There is room again for what the partition left out: load what is above {@link PartitionQueues.highest}. */
  onRoom(): void;
}

interface EntityQueue {
  readonly items: Queued[];
  isRunning: boolean;
  isHeld: boolean;
  /** Newer ones are in Postgres alone: nothing newer is taken in before they are loaded. */
  leftOut: boolean;
  wake: NodeJS.Timeout | undefined;
}

/**
 * One partition's operations in log order: one at a time per entity, all entities at once. An operation that waits holds
 * its entity, never the partition, and so does an entity with more operations than fit. So what is held takes no room from
 * what could run: where there is none, operations behind one that waits go back to Postgres.
 */
export class PartitionQueues {
  readonly #bounds: QueueBounds;
  readonly #events: QueueEvents;
  readonly #entities = new Map<string, EntityQueue>();
  /** The entity of each operation in memory. */
  readonly #ids = new Map<string, string>();
  /** Entities whose first operation waits or is held. */
  #held = 0;
  #highest = 0n;
  #leftOut = false;
  /** What was left out is being loaded. */
  #isLoading = false;

  constructor(events: QueueEvents, bounds: QueueBounds = defaultBounds) {
    this.#events = events;
    this.#bounds = bounds;
  }

  /** Operations in memory. */
  get size(): number {
    return this.#ids.size;
  }

  /** The partition had no room for operations above {@link highest}; they are in Postgres. */
  get hasLeftOut(): boolean {
    return this.#leftOut;
  }

  /** The newest position that was taken in, or left out for its entity's sake alone. */
  get highest(): bigint {
    return this.#highest;
  }

  /** Takes in an operation that was just admitted; ascending positions. One that is here already, or doesn't fit, is not. */
  add(queued: Queued): void {
    if (this.#leftOut || this.#ids.has(keyOf(queued))) return;
    if (!this.#makeRoom()) {
      this.#leftOut = true;
      return;
    }
    this.#take(queued);
  }

  /**
   * Takes in a page that was loaded from Postgres, of the whole partition above {@link highest}, in order. Call it again
   * with what is above the new highest as long as it says so: only an empty page ends the leaving out, or an operation
   * that was admitted while the page was read would be overtaken.
   * @returns whether another page has to be read now
   */
  load(page: readonly Queued[]): boolean {
    if (page.length === 0) {
      this.#leftOut = false;
      this.#isLoading = false;
      return false;
    }
    this.#leftOut = true;
    for (const queued of page) if (!this.#ids.has(keyOf(queued))) this.#take(queued);
    this.#isLoading = this.#makeRoom();
    return this.#isLoading;
  }

  /** The same for one entity whose queue had run empty. */
  loadEntity(entityKey: string, page: readonly Queued[]): void {
    const entity = this.#entities.get(entityKey);
    if (!entity) return;
    entity.leftOut = page.length > 0;
    for (const queued of page) {
      this.#ids.set(keyOf(queued), queued.entityKey);
      entity.items.push(queued);
    }
    if (entity.items.length === 0) this.#entities.delete(entityKey);
    else this.#offer(entity);
  }

  /** The head that was given to `onReady` came to this. */
  finished(head: Queued, result: HeadResult): void {
    const entity = this.#entities.get(head.entityKey);
    if (!entity || entity.items[0] !== head) return;
    entity.isRunning = false;
    if (result.kind === "ended") return this.#next(head, entity);
    entity.isHeld = true;
    this.#held += 1;
    if (result.kind === "wait") this.#wakeAt(entity, result.untilMs);
    if (!this.#leftOut) return;
    this.#dropTail(entity);
    this.#askIfRoom();
  }

  /** Something is asked of an operation: if it is the one that holds its entity, its turn has come again. */
  wake(tenantId: string, id: string): void {
    const key = `${tenantId}/${id}`;
    const entity = this.#entities.get(this.#ids.get(key) ?? "");
    const [head] = entity?.items ?? [];
    if (!entity?.isHeld || !head || keyOf(head) !== key) return;
    clearTimeout(entity.wake);
    this.#free(entity);
    // What was known of it lacks the request.
    head.row = undefined;
    this.#offer(entity);
  }

  /** Stops all timers; nothing more becomes ready. */
  close(): void {
    for (const entity of this.#entities.values()) clearTimeout(entity.wake);
    this.#entities.clear();
    this.#ids.clear();
    this.#held = 0;
  }

  #take(queued: Queued): void {
    if (queued.position > this.#highest) this.#highest = queued.position;
    const entity = this.#entityOf(queued.entityKey);
    if (entity.leftOut || entity.items.length >= this.#bounds.perEntityMax) {
      entity.leftOut = true;
      return;
    }
    this.#ids.set(keyOf(queued), queued.entityKey);
    entity.items.push(queued);
    this.#offer(entity);
  }

  #entityOf(key: string): EntityQueue {
    const known = this.#entities.get(key);
    if (known) return known;
    const entity: EntityQueue = { items: [], isRunning: false, isHeld: false, leftOut: false, wake: undefined };
    this.#entities.set(key, entity);
    return entity;
  }

  #offer(entity: EntityQueue): void {
    const [head] = entity.items;
    if (!head || entity.isRunning || entity.isHeld) return;
    entity.isRunning = true;
    this.#events.onReady(head);
  }

  #next(head: Queued, entity: EntityQueue): void {
    entity.items.shift();
    this.#ids.delete(keyOf(head));
    if (entity.items.length > 0) this.#offer(entity);
    else if (entity.leftOut) this.#events.onEntityDrained(head);
    else this.#entities.delete(head.entityKey);
    if (this.#leftOut) this.#askIfRoom();
  }

  /** Whether another one fits, if need be because operations behind held ones go back to Postgres. */
  #makeRoom(): boolean {
    if (this.#held >= this.#bounds.heldPerPartitionMax) return false;
    if (this.#crowd < this.#bounds.perPartitionMax) return true;
    for (const entity of this.#entities.values()) if (entity.isHeld) this.#dropTail(entity);
    return this.#crowd < this.#bounds.perPartitionMax;
  }

  /** Operations that run, could run, or wait behind others. */
  get #crowd(): number {
    return this.#ids.size - this.#held;
  }

  /** What waits behind the first one is read again when that has ended. */
  #dropTail(entity: EntityQueue): void {
    const tail = entity.items.splice(1);
    for (const queued of tail) this.#ids.delete(keyOf(queued));
    entity.leftOut ||= tail.length > 0;
  }

  #askIfRoom(): void {
    if (this.#isLoading || this.#held >= this.#bounds.heldPerPartitionMax) return;
    if (this.#crowd > this.#bounds.perPartitionMax / 2) return;
    this.#isLoading = true;
    this.#events.onRoom();
  }

  #free(entity: EntityQueue): void {
    entity.isHeld = false;
    this.#held -= 1;
  }

  #wakeAt(entity: EntityQueue, untilMs: number): void {
    const delayMs = Math.min(Math.max(0, untilMs - Date.now()), timerMaxMs);
    entity.wake = setTimeout(() => {
      this.#free(entity);
      this.#offer(entity);
    }, delayMs);
  }
}

/** A longer timer would fire at once (setTimeout counts in 32 bits); woken early, an operation just waits again. */
const timerMaxMs = 2 ** 31 - 1;

const keyOf = ({ tenantId, id }: Queued): string => `${tenantId}/${id}`;
