import type { Database } from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import type { Logger } from "@postback/runtime";
import { AdaptiveWidth } from "./adaptive-width.ts";
import type { CheckpointRequest } from "./checkpoint-request.ts";
import { PipeWidth } from "./pipe-width.ts";
import { type Member, type MemberResult, performShared } from "./shared-transaction.ts";
import type { Slots } from "./slots.ts";

/** Members of one shared transaction at most: a backend keeps 64 subtransactions at hand before they get expensive. */
export const groupMax = 32;
/**
 * A group takes no further member once its members took so many times what the transaction itself takes: then little is
 * left to save, while its locks are held and its first members wait. Both grow alike when the machine is busy.
 */
const worthTimes = 8;
/** The first guess of what a transaction and a member take, milliseconds, and how much of each later one is believed. */
const overheadFirstMs = 3;
const memberFirstMs = 1;
const believed = 0.2;
/** How much wider for a group that was full: four of them make room for one more. */
const widerBy = 0.25;
/** How long steps of a kind don't share after one of them was too slow for it. */
const apartMs = 60_000;

export interface StepGroupsOptions {
  readonly db: Database;
  /** Each transaction holds a connection. */
  readonly slots: Slots;
  /** Transactions of one kind of step at once, at most. */
  readonly widthMax: number;
  /** A transaction that steps shared has ended; told their number. */
  onShared(steps: number): void;
  readonly logger: Logger;
}

/** A transaction step whose turn has come. */
export interface GroupMember<T> extends Member {
  /** Does it in a transaction of its own. */
  alone(): Promise<T>;
  /** What follows from a result of the shared one. */
  shared(result: Exclude<MemberResult, { kind: "unknown" }>): Promise<T>;
}

interface Waiting extends Member {
  alone(): Promise<void>;
  settle(result: Exclude<MemberResult, { kind: "unknown" }>): void;
}

/** Steps of one kind: they want the same rows more often than others, so they are best done together. */
interface Kind {
  readonly waiting: Waiting[];
  /**
   * How many shared transactions may be open at once. More of them keep a distant or slow Postgres busy; too many only
   * wait for each other's rows.
   */
  readonly width: AdaptiveWidth;
  /** How many members of one transaction are sent at once. */
  readonly pipe: PipeWidth;
  /** Transactions that are open, or wait for a slot. */
  open: number;
  /** Of these, those that wait for a slot: each will take at least one member. */
  starting: number;
  /** What a transaction takes besides its members, a moving average. */
  overheadMs: number;
  /** What one of its members takes, a moving average. */
  memberMs: number;
  apartUntilMs: number;
}

/**
 * Transaction steps of one kind that are due at the same time share a transaction. One that comes alone has its own at
 * once, so sharing costs nothing while there is little to do.
 */
export class StepGroups {
  readonly #options: StepGroupsOptions;
  readonly #kinds = new Map<string, Kind>();

  constructor(options: StepGroupsOptions) {
    this.#options = options;
  }

  /** @param kind steps that may share a transaction with each other. @throws what the member's own functions throw */
  perform<T>(kind: string, member: GroupMember<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const of = this.#kindOf(kind);
    of.waiting.push({
      perform: (client, place) => member.perform(client, place),
      checkpoint: (performed: PerformedStep): CheckpointRequest => member.checkpoint(performed),
      alone: () => member.alone().then(resolve, reject),
      settle: (result) => void member.shared(result).then(resolve, reject),
    });
    this.#pump(of);
    return promise;
  }

  /** Bounded by the operation types of the catalog. */
  #kindOf(name: string): Kind {
    const known = this.#kinds.get(name);
    if (known) return known;
    const kind: Kind = {
      waiting: [],
      width: new AdaptiveWidth({ max: this.#options.widthMax, widerBy }),
      pipe: new PipeWidth(groupMax),
      open: 0,
      starting: 0,
      overheadMs: overheadFirstMs,
      memberMs: memberFirstMs,
      apartUntilMs: 0,
    };
    this.#kinds.set(name, kind);
    return kind;
  }

  #pump(kind: Kind): void {
    const isApart = kind.apartUntilMs > performance.now();
    const allowed = isApart ? this.#options.widthMax : kind.width.allowed;
    while (kind.waiting.length > kind.starting && kind.open < allowed) {
      kind.open += 1;
      kind.starting += 1;
      void this.#options.slots
        .use(() => this.#work(kind, isApart))
        .finally(() => {
          kind.open -= 1;
          this.#pump(kind);
        });
    }
  }

  async #work(kind: Kind, isApart: boolean): Promise<void> {
    kind.starting -= 1;
    if (isApart || kind.waiting.length < 2) return await kind.waiting.shift()?.alone();
    const { db, logger } = this.#options;
    const taking = new Taking(kind);
    const shared = await performShared(db, (unended) => taking.next(unended), kind.pipe, logger);
    const { results, conflicted, tooSlow } = shared;
    kind.overheadMs += (shared.overheadMs - kind.overheadMs) * believed;
    kind.memberMs += (shared.memberMs - kind.memberMs) * believed;
    if (tooSlow) kind.apartUntilMs = performance.now() + apartMs;
    if (conflicted) kind.width.halve();
    else if (taking.leftSome) kind.width.widen();
    this.#options.onShared(results.size);
    for (const [member, result] of results) this.#settle(member, result);
    // The transaction didn't begin: in its own, the member will hear why, and is tried again as it should be.
    if (taking.first) this.#settle(taking.first, { kind: "unknown" });
  }

  #settle(member: Waiting, result: MemberResult): void {
    if (result.kind === "unknown") void this.#options.slots.use(() => member.alone());
    else member.settle(result);
  }
}

/** Takes members as long as the group has room and time. */
class Taking {
  readonly #waiting: Waiting[];
  readonly #budgetMs: number;
  readonly #memberMs: number;
  #count = 0;
  #untilMs = Number.POSITIVE_INFINITY;
  /** Taken before the transaction begins: another one that begins now must not leave this one without any. */
  first: Waiting | undefined;
  /** It ended although others were waiting. */
  leftSome = false;

  constructor({ waiting, overheadMs, memberMs }: Kind) {
    this.#waiting = waiting;
    this.#budgetMs = overheadMs * worthTimes;
    this.#memberMs = memberMs;
    this.first = waiting.shift();
  }

  /** @param unended members that were taken and still have to be waited for */
  next(unended: number): Waiting | undefined {
    const nowMs = performance.now();
    if (this.#count === 0) this.#untilMs = nowMs + this.#budgetMs;
    const hasRoom = this.#count < groupMax && nowMs + unended * this.#memberMs <= this.#untilMs;
    this.leftSome = !hasRoom && this.#waiting.length > 0;
    return hasRoom ? this.#take() : undefined;
  }

  #take(): Waiting | undefined {
    const member = this.first ?? this.#waiting.shift();
    this.first = undefined;
    if (member) this.#count += 1;
    return member;
  }
}
