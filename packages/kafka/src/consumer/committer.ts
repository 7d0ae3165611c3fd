import type { Offsets } from "kafkajs";
import type { PortLogger } from "../connection.ts";
import type { GroupSession } from "./group-session.ts";
import type { TopicPartition } from "./partition-progress.ts";

interface DueCommit extends TopicPartition {
  offset: number;
}

/** Errors of a commit that a rebalance explains: the next owner begins at the last commit, and effects are idempotent. */
const REBALANCE_ERRORS = new Set([
  "REBALANCE_IN_PROGRESS",
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "NOT_COORDINATOR_FOR_GROUP",
]);

/** Commits the low-water marks on an interval and on demand; one commit is under way at a time. */
export class Committer {
  readonly #session: () => GroupSession | undefined;
  readonly #logger: PortLogger;
  readonly #timer: NodeJS.Timeout;
  #idle = true;
  #tail: Promise<void> = Promise.resolve();

  constructor(session: () => GroupSession | undefined, logger: PortLogger, intervalMs: number) {
    this.#session = session;
    this.#logger = logger;
    this.#timer = setInterval(() => {
      if (this.#idle) void this.flush();
    }, intervalMs);
  }

  /** Commits what is due once the commit under way has ended. Never rejects. */
  flush(): Promise<void> {
    this.#idle = false;
    const mine = this.#tail.then(() => this.#commitDue());
    this.#tail = mine.then(() => {
      this.#idle = true;
    });
    return mine;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #commitDue(): Promise<void> {
    const session = this.#session();
    if (session?.commit === undefined || session.ended.aborted) return;
    const due = dueCommits(session);
    if (due.length === 0) return;
    try {
      await session.commit(toOffsets(due));
      for (const { offset, ...at } of due) session.progressOf(at)?.markCommitted(offset);
    } catch (error) {
      this.#report(error, session);
    }
  }

  #report(error: unknown, { generation }: GroupSession): void {
    const expected = error instanceof Error && "type" in error && REBALANCE_ERRORS.has(String(error.type));
    if (expected) this.#logger.debug({ err: error, generation }, "commit refused, the group is rebalancing");
    else this.#logger.warn({ err: error, generation }, "commit failed, trying again at the next interval");
  }
}

function dueCommits(session: GroupSession): DueCommit[] {
  return session.partitions.flatMap(({ topic, partition, dueCommit }) =>
    dueCommit === undefined ? [] : [{ topic, partition, offset: dueCommit }],
  );
}

function toOffsets(due: readonly DueCommit[]): Offsets {
  const topics = Array.from(
    Map.groupBy(due, ({ topic }) => topic),
    ([topic, list]) => ({
      topic,
      partitions: list.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }),
  );
  return { topics };
}
