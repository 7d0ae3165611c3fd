import {
  AmbiguousOutcome,
  type CheckpointResult,
  type Database,
  type Ending,
  saveCheckpointsOrFail,
  type TransactionClient,
  transact,
} from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import type { Logger } from "@postback/runtime";
import { type CheckpointRequest, type DrawnCheckpoint, drawCheckpoint } from "./checkpoint-request.ts";
import type { MemberClient } from "./member-client.ts";
import { MemberPipe, type Performer, type Piped } from "./member-pipe.ts";
import type { PipeWidth } from "./pipe-width.ts";
import { resolveAmbiguous } from "./resolve-ambiguous.ts";

/** A transaction step that may share its transaction. */
export interface Member extends Performer {
  /** The checkpoint that follows from it. */
  checkpoint(performed: PerformedStep): CheckpointRequest;
}

export type MemberResult =
  /** Effect, state and events committed, with those of the others. */
  | { kind: "saved"; request: CheckpointRequest; result: CheckpointResult }
  /** It left no effect, and what it read is committed. */
  | { kind: "not-done"; performed: PerformedStep }
  /** It left no effect, and nothing can be said of it: its own transaction will tell. */
  | { kind: "unknown" };

export interface SharedResult<M> {
  readonly results: ReadonlyMap<M, MemberResult>;
  /** Some member waited too long for a lock. */
  readonly conflicted: boolean;
  /** A member took longer than the others can be made to wait: steps like it should not share. */
  readonly tooSlow: boolean;
  /** What the transaction took besides its members: to begin, to save and to commit, milliseconds. */
  readonly overheadMs: number;
  /** What a member took, on average. */
  readonly memberMs: number;
}

/**
 * A member waits no longer for a lock than this, milliseconds: the group holds the locks of all members before it, so a
 * wait could become a deadlock, and the server looks for one only after a second.
 */
const groupLockTimeoutMs = 5;

/** How long a member may keep the others waiting, milliseconds; in its own transaction it has its step's whole time. */
export const memberMaxMs = 1_000;

const lockNotAvailable = "database-55p03";

/**
 * Performs members one after the other in one transaction, each after a savepoint, and saves them with one statement and
 * one COMMIT: the round trips and the write to the disk are shared, the isolation isn't weakened, since a member sees
 * those before it as if they had committed, and none of it counts unless they do.
 * @param next the next member, or undefined when there is none, or no room behind so many that haven't ended; the group
 * ends when there is none although all have ended
 * @returns a result for each member that was taken; never throws: what a member can't say it says by its own transaction
 */
export async function performShared<M extends Member>(
  db: Database,
  next: (unended: number) => M | undefined,
  width: PipeWidth,
  logger: Logger,
): Promise<SharedResult<M>> {
  const group = new Group<M>(next, width);
  try {
    await transact(db, (client) => group.run(client), { lockTimeoutMs: groupLockTimeoutMs });
    return group.ended();
  } catch (error) {
    if (error instanceof AmbiguousOutcome && group.isDrawn) return await group.resolve(db, error, logger);
    logger.debug({ err: error, members: group.size }, "steps.not-shared");
    return group.failed();
  } finally {
    group.rollBackUnsettled();
  }
}

interface Done<M> {
  readonly member: M;
  readonly request: CheckpointRequest;
}

/** What is known at which point of the transaction. */
class Group<M extends Member> {
  readonly #next: (unended: number) => M | undefined;
  readonly #width: PipeWidth;
  #taken: readonly M[] = [];
  readonly #done: Done<M>[] = [];
  readonly #notDone = new Map<M, PerformedStep>();
  #drawn: readonly DrawnCheckpoint[] = [];
  #saved: readonly CheckpointResult[] = [];
  #conflicted = false;
  #abandoned = false;
  readonly #startedAtMs = performance.now();
  #membersMs = 0;

  constructor(next: (unended: number) => M | undefined, width: PipeWidth) {
    this.#next = next;
    this.#width = width;
  }

  get size(): number {
    return this.#taken.length;
  }

  /** The last statement may have been sent. */
  get isDrawn(): boolean {
    return this.#drawn.length > 0;
  }

  async run(client: TransactionClient): Promise<Ending<void>> {
    const startedAtMs = performance.now();
    const pipe = new MemberPipe<M>({ shared: client, next: this.#next, width: this.#width });
    this.#taken = pipe.taken;
    try {
      return await this.#performAll(client, pipe);
    } finally {
      pipe.close();
      this.#membersMs = performance.now() - startedAtMs;
    }
  }

  async #performAll(client: TransactionClient, pipe: MemberPipe<M>): Promise<Ending<void>> {
    for (let head = await pipe.take(); head; head = await pipe.take()) {
      const performed = await inTime(head);
      head.client.end();
      if (performed === "too-slow" || (performed.abandoned && !head.client.isWithdrawn)) {
        // Its code goes on, and a statement of it may still be worked.
        this.#abandoned = true;
        return { value: undefined, end: "discard" };
      }
      await this.#note(pipe, head, performed);
    }
    if (this.#done.length === 0) return { value: undefined, end: "rollback" };
    return { end: "commit-with", lastly: () => this.#save(client) };
  }

  async #note(pipe: MemberPipe<M>, head: Piped<M>, performed: PerformedStep): Promise<void> {
    const { outcome, interrupted } = performed;
    const { member } = head;
    if (outcome.kind === "done" && (await pipe.standsAfter(head))) {
      this.#done.push({ member, request: member.checkpoint(performed) });
      return;
    }
    await pipe.undo(head);
    if ("error" in outcome && outcome.error.code === lockNotAvailable) this.#conflicted = true;
    // What may pass may be the group's own doing: it doesn't count before it was tried alone.
    if (outcome.kind === "permanent" || interrupted) this.#notDone.set(member, performed);
  }

  async #save(client: TransactionClient): Promise<void> {
    this.#drawn = this.#done.map(({ request }) => drawCheckpoint(request));
    this.#saved = await saveCheckpointsOrFail(
      client,
      this.#drawn.map(({ checkpoint }) => checkpoint),
    );
  }

  /** It has committed, or had nothing to commit. */
  ended(): SharedResult<M> {
    return this.#abandoned ? this.failed() : this.#settle(this.#saved);
  }

  /** Nothing of it was saved; what a member saw of the others never happened. */
  failed(): SharedResult<M> {
    return this.#with(this.#unknown());
  }

  /** Whether it has committed is in each member's row. */
  async resolve(db: Database, lost: AmbiguousOutcome, logger: Logger): Promise<SharedResult<M>> {
    logger.warn({ err: lost, members: this.#done.length }, "checkpoint.ambiguous");
    const look = ({ request }: Done<M>) => resolveAmbiguous(db, request, lost, logger);
    const saved = await Promise.all(this.#done.map(look));
    return saved.some(({ kind }) => kind === "saved") ? this.#settle(saved) : this.failed();
  }

  #settle(saved: readonly CheckpointResult[]): SharedResult<M> {
    const results = this.#unknown();
    for (const [member, performed] of this.#notDone) results.set(member, { kind: "not-done", performed });
    for (const [index, { member, request }] of this.#done.entries()) {
      const result = saved[index] ?? { kind: "outdated" };
      if (result.kind === "saved") this.#drawn[index]?.events.commit();
      else this.#drawn[index]?.events.rollBack();
      request.owned.publisher.kick();
      results.set(member, { kind: "saved", request, result });
    }
    this.#drawn = [];
    return this.#with(results);
  }

  #unknown(): Map<M, MemberResult> {
    return new Map(this.#taken.map((member) => [member, { kind: "unknown" }]));
  }

  #with(results: ReadonlyMap<M, MemberResult>): SharedResult<M> {
    const overheadMs = performance.now() - this.#startedAtMs - this.#membersMs;
    const memberMs = this.#membersMs / Math.max(1, this.size);
    return { results, conflicted: this.#conflicted, tooSlow: this.#abandoned, overheadMs, memberMs };
  }

  /** Numbers that nothing came of: none of their events was saved. */
  rollBackUnsettled(): void {
    for (const { events } of this.#drawn) events.rollBack();
    if (this.#drawn.length > 0) for (const { request } of this.#done) request.owned.publisher.kick();
    this.#drawn = [];
  }
}

/** What it came to, with all that it asked answered, or that it takes longer than the others can wait. */
async function inTime({ performing, client }: Piped<Member>): Promise<PerformedStep | "too-slow"> {
  const late = Promise.withResolvers<"too-slow">();
  const timer = setTimeout(late.resolve, memberMaxMs, "too-slow");
  try {
    return await Promise.race([ended(performing, client), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function ended(performing: Promise<PerformedStep>, client: MemberClient): Promise<PerformedStep> {
  const performed = await performing;
  await client.answered();
  return performed;
}
