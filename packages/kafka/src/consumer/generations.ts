import { tryWithin } from "../bounded-wait.ts";
import type { PortLogger } from "../connection.ts";
import type { Committer } from "./committer.ts";
import { GroupSession } from "./group-session.ts";
import type { ConsumerSettings, GroupMember } from "./options.ts";
import type { PartitionProgress, TopicPartition } from "./partition-progress.ts";

interface Hooks {
  logger: PortLogger;
  fail(error: unknown): void;
  /** Resolves when the caller has the consumer in hand. */
  started: Promise<void>;
  committer(): Committer;
}

/**
 * The generations of a membership, one after the other: assigned → batches → revoking (drain, commit) → ended. The caller's hooks
 * are called in that order too, and never two at once unless one exceeds its bound.
 */
export class Generations {
  readonly #settings: ConsumerSettings;
  readonly #hooks: Hooks;
  #current: GroupSession | undefined;
  #revoking: Promise<void> | undefined;

  constructor(settings: ConsumerSettings, hooks: Hooks) {
    this.#settings = settings;
    this.#hooks = hooks;
  }

  get current(): GroupSession | undefined {
    return this.#current;
  }

  /** The partitions of the current generation, until it is revoked. */
  get assigned(): PartitionProgress[] {
    return this.#current === undefined || this.#current.revoked ? [] : this.#current.partitions;
  }

  /** The group was joined. A generation that ended without a word (this member had been thrown out) is drained first. */
  joined(member: GroupMember, partitions: readonly TopicPartition[]): GroupSession {
    const before = this.revoke();
    const session = new GroupSession(member, partitions);
    this.#current = session;
    this.#revoking = undefined;
    session.assigned = this.#assign(session, partitions, before);
    session.ready = this.#open(session);
    return session;
  }

  /** Ends the current generation: nothing more is handed over, what was is drained, done work is committed. Bounded by twice `drainMaxMs`. */
  revoke(): Promise<void> {
    const session = this.#current;
    if (session === undefined) return Promise.resolve();
    this.#revoking ??= this.#drain(session);
    return this.#revoking;
  }

  /** @returns whether the caller has taken the partitions */
  async #assign(session: GroupSession, partitions: readonly TopicPartition[], before: Promise<void>): Promise<boolean> {
    try {
      await before;
      await this.#settings.onAssigned?.(partitions, { memberId: session.memberId, generation: session.generation });
      return true;
    } catch (error) {
      this.#hooks.fail(error);
      return false;
    }
  }

  async #open(session: GroupSession): Promise<void> {
    const taken = await session.assigned;
    await this.#hooks.started;
    session.isReady = taken;
  }

  async #drain(session: GroupSession): Promise<void> {
    const { logger } = this.#hooks;
    const { drainMaxMs } = this.#settings;
    session.revoked = true;
    await tryWithin(drainMaxMs, "draining a consumer", logger, this.#drained(session));
    await tryWithin(drainMaxMs, "the last commit of a generation", logger, this.#hooks.committer().flush());
    session.end();
  }

  async #drained(session: GroupSession): Promise<void> {
    await session.assigned;
    await Promise.all([this.#settings.onRevoking?.(), ...session.partitions.map(({ handing }) => handing)]);
  }
}
