import type { Queued } from "./queued.ts";

/** One entity's operations: those that wait for their turn in log order, and those that are stuck beside it. */
export class EntityQueue {
  readonly tenantId: string;
  readonly key: string;
  /** The first one has its turn, or is to get it. */
  readonly items: Queued[] = [];
  /** Stuck ones whose entity goes on, by {@link keyOf}. */
  readonly parked = new Map<string, Queued>();
  /** Formerly parked ones of which something was asked, in that order: each takes a turn before what hasn't begun. */
  readonly asked: Queued[] = [];
  isRunning = false;
  isHeld = false;
  /** Newer ones are in Postgres alone: nothing newer is taken in before they are loaded. */
  leftOut = false;
  wake: NodeJS.Timeout | undefined;
  /** Of those that were taken in, the highest; those above are not here. */
  #highest = 0n;

  constructor(tenantId: string, key: string) {
    this.tenantId = tenantId;
    this.key = key;
  }

  /** Nothing of it is in memory. */
  get isEmpty(): boolean {
    return this.items.length === 0 && this.parked.size === 0 && this.asked.length === 0;
  }

  /** Behind what is here: more is read from there. */
  get end(): Pick<Queued, "tenantId" | "entityKey" | "position"> {
    return { tenantId: this.tenantId, entityKey: this.key, position: this.#highest };
  }

  /** What is up to this position is here, or has ended. */
  reached(position: bigint): void {
    if (position > this.#highest) this.#highest = position;
  }

  accept(queued: Queued): void {
    this.reached(queued.position);
    if (queued.isParked) this.parked.set(keyOf(queued), queued);
    else this.items.push(queued);
  }

  /** Whose turn it is. One that was asked for comes before what is left out, since it began before that. */
  turn(): Queued | undefined {
    if (this.items.length === 0) this.takeAsked();
    return this.items[0];
  }

  /** The one before has ended: one that was asked for takes its place, before what hasn't begun. */
  takeAsked(): void {
    const asked = this.asked.shift();
    if (asked) this.items.unshift(asked);
  }

  /** Leaves out what waits behind the first one. @returns what is not here any more */
  dropTail(): readonly Queued[] {
    const tail = this.items.splice(1);
    const [first] = tail;
    if (first) {
      this.leftOut = true;
      this.#highest = first.position - 1n;
    }
    return tail;
  }
}

export const keyOf = ({ tenantId, id }: Pick<Queued, "tenantId" | "id">): string => `${tenantId}/${id}`;
