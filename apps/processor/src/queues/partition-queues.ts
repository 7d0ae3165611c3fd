import { EntityQueue, keyOf } from "./entity-queue.ts";
import { defaultBounds, type HeadResult, type QueueBounds, type Queued, type QueueEvents } from "./queued.ts";

/**
 * One partition's operations in log order: one at a time per entity, all entities at once. An operation that waits holds
 * its entity, never the partition, and so does an entity with more operations than fit. So what is held takes no room from
 * what could run: where there is none, operations behind one that waits go back to Postgres.
 *
 * A stuck operation whose entity goes on is parked beside its queue. Once something is asked of it, it takes the next turn
 * after the operation that has begun, so that two operations of an entity are never at work at once.
 */
export class PartitionQueues {
  readonly #bounds: QueueBounds;
  readonly #events: QueueEvents;
  readonly #entities = new Map<string, EntityQueue>();
  /** The entity of each operation in memory. */
  readonly #ids = new Map<string, string>();
  /** Operations that wait or are held, each the first of its entity, and those that are parked. */
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
      entity.reached(queued.position);
      if (!this.#ids.has(keyOf(queued))) this.#accept(entity, queued);
    }
    this.#offer(entity);
  }

  /** The head that was given to `onReady` came to this. */
  finished(head: Queued, result: HeadResult): void {
    const entity = this.#entities.get(head.entityKey);
    if (!entity || entity.items[0] !== head) return;
    entity.isRunning = false;
    if (result.kind === "ended") return this.#next(entity);
    if (result.kind === "parked") return this.#park(head, entity);
    entity.isHeld = true;
    this.#held += 1;
    if (result.kind === "wait") this.#wakeAt(entity, result.untilMs);
    if (!this.#leftOut) return;
    this.#dropTail(entity);
    this.#askIfRoom();
  }

  /** Something is asked of an operation: if it holds its entity, or is parked, its turn has come again. */
  wake(tenantId: string, id: string): void {
    const key = `${tenantId}/${id}`;
    const entity = this.#entities.get(this.#ids.get(key) ?? "");
    const parked = entity?.parked.get(key);
    if (entity && parked) return this.#unpark(parked, entity);
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
    const entity = this.#entityOf(queued);
    if (!queued.isParked && (entity.leftOut || entity.items.length >= this.#bounds.perEntityMax)) {
      entity.leftOut = true;
      return;
    }
    this.#accept(entity, queued);
    if (!queued.isParked) this.#offer(entity);
  }

  #accept(entity: EntityQueue, queued: Queued): void {
    this.#ids.set(keyOf(queued), queued.entityKey);
    entity.accept(queued);
    if (queued.isParked) this.#held += 1;
  }

  #entityOf({ tenantId, entityKey }: Queued): EntityQueue {
    const known = this.#entities.get(entityKey);
    if (known) return known;
    const entity = new EntityQueue(tenantId, entityKey);
    this.#entities.set(entityKey, entity);
    return entity;
  }

  /** Gives the entity's turn to whoever has it; asks for more where none is here, and forgets an entity without any. */
  #offer(entity: EntityQueue): void {
    if (entity.isRunning || entity.isHeld) return;
    const head = entity.turn();
    if (head) {
      entity.isRunning = true;
      this.#events.onReady(head);
    } else if (entity.leftOut) this.#events.onEntityDrained(entity.end);
    else if (entity.isEmpty) this.#entities.delete(entity.key);
  }

  #next(entity: EntityQueue): void {
    const head = entity.items.shift();
    if (head) this.#ids.delete(keyOf(head));
    this.#goOn(entity);
  }

  #park(head: Queued, entity: EntityQueue): void {
    entity.items.shift();
    entity.parked.set(keyOf(head), head);
    this.#held += 1;
    // Read again when it is asked for: it would take room until then.
    head.row = undefined;
    this.#goOn(entity);
  }

  #goOn(entity: EntityQueue): void {
    entity.takeAsked();
    this.#offer(entity);
    if (this.#leftOut) this.#askIfRoom();
  }

  /**
   * It waits for the operation that has begun. Where the partition left some out, that one may be in Postgres alone: begun
   * by a former owner, and not read yet.
   */
  #unpark(parked: Queued, entity: EntityQueue): void {
    entity.parked.delete(keyOf(parked));
    this.#held -= 1;
    const isLoading = entity.items.length === 0 && entity.leftOut;
    entity.asked.push(parked);
    if (entity.items.length > 0 || isLoading) return;
    entity.leftOut = this.#leftOut;
    if (entity.leftOut) this.#events.onEntityDrained(entity.end);
    else this.#offer(entity);
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
    for (const queued of entity.dropTail()) this.#ids.delete(keyOf(queued));
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
