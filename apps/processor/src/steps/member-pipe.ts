import { inOneWrite, type TransactionClient, wasRefused } from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import { MemberClient, type Place } from "./member-client.ts";
import type { PipeWidth } from "./pipe-width.ts";

/** An attempt that may stand in the pipe. */
export interface Performer {
  /** Makes the attempt; what isn't done is rolled back to where it began. */
  perform(client: TransactionClient, place: Place): Promise<PerformedStep>;
}

export interface Piped<M> {
  readonly member: M;
  readonly client: MemberClient;
  readonly performing: Promise<PerformedStep>;
  /** What it came to, once it has ended. */
  performed: PerformedStep | undefined;
}

export interface MemberPipeOptions<M> {
  /** Of the open transaction. */
  readonly shared: TransactionClient;
  /** The next member, or undefined when there is none, or no room for it behind so many that haven't ended. */
  next(unended: number): M | undefined;
  readonly width: PipeWidth;
}

/** A member's statements are sent before its turn so many times; then they wait for it, and are never sent in vain again. */
export const sentAheadMax = 3;

/**
 * The members of a transaction in their order, as if each were performed after the one before had ended. While one is
 * waited for, the first statements of those behind it are in the pipe already: a savepoint and statements of each, sent
 * with one write. They count if those before them ended as the server had been told; else they are taken back, and sent
 * again.
 */
export class MemberPipe<M extends Performer> {
  /** All that were begun. */
  readonly taken: M[] = [];
  readonly #options: MemberPipeOptions<M>;
  /** Begun, in order, and not yet their turn. */
  readonly #ahead: Piped<M>[] = [];
  /** So many of those ahead, from the first on, have their place in the pipe. */
  #inPipe = 0;
  /** How many were sent together last, and whether none of them was taken back. */
  #together = 0;
  #isWhole = true;

  constructor(options: MemberPipeOptions<M>) {
    this.#options = options;
  }

  /** The next one: it is its turn now, and others stand behind it. The one before must have ended. */
  async take(): Promise<Piped<M> | undefined> {
    const waiting = this.#ahead.shift();
    if (waiting && this.#inPipe > 0) {
      this.#inPipe -= 1;
      takeTurn(waiting);
      return waiting;
    }
    this.#countLast();
    this.#together = 1;
    this.#isWhole = true;
    if (waiting) takeTurn(waiting);
    const head = waiting ?? this.#begin(0);
    if (head && this.#width() > 1) await inOneWrite(this.#options.shared, () => this.#sendBehind(head));
    return head;
  }

  /** Whether the transaction lives on after one that is done: it may have handled the error of its statement, or not. */
  async standsAfter({ client }: Piped<M>): Promise<boolean> {
    if (!client.isDoubtful) return true;
    if (this.#undoesAhead()) this.#options.width.undone();
    const lives = await this.#options.shared.query("SELECT").then(() => true, refused);
    if (lives && this.#options.shared.getTransactionStatus() === "T") return true;
    if (lives) throw new Error("a step ended the transaction that it shares");
    return false;
  }

  /** Takes back what one did, and with it what stands behind it. */
  async undo({ client }: Piped<M>): Promise<void> {
    if (!client.isSent) return;
    if (this.#forget()) this.#options.width.undone();
    await this.#options.shared.query(`ROLLBACK TO SAVEPOINT ${client.savepoint}`);
  }

  /** The transaction ends: those that are left get no turn. */
  close(): void {
    for (const { client } of this.#ahead) client.withdraw();
  }

  #begin(position: number): Piped<M> | undefined {
    const member = this.#options.next(position);
    if (!member) return undefined;
    const client = new MemberClient(this.#options.shared, this.taken.length, () => this.#beforeLate());
    if (position === 0) client.takeTurn();
    this.taken.push(member);
    const piped: Piped<M> = {
      member,
      client,
      performing: member.perform(client.client, client),
      performed: undefined,
    };
    const ended = (performed: PerformedStep) => {
      piped.performed = performed;
    };
    // Whoever waits for it hears of a failure.
    piped.performing.then(ended, () => undefined);
    return piped;
  }

  async #sendBehind(head: Piped<M>): Promise<void> {
    let last = head;
    for (const undone of this.#ahead) {
      if (!this.#mayFollow(last) || undone.client.sentAhead >= sentAheadMax) return;
      undone.client.sendAhead();
      last = this.#follow(undone);
    }
    await firstGo();
    while (this.#mayFollow(last)) {
      const begun = this.#begin(this.#together);
      if (!begun) return;
      this.#ahead.push(begun);
      last = this.#follow(begun);
      await firstGo();
      begun.client.endFirstGo();
    }
  }

  #follow(piped: Piped<M>): Piped<M> {
    this.#inPipe += 1;
    this.#together += 1;
    return piped;
  }

  #mayFollow(last: Piped<M>): boolean {
    return this.#isWhole && this.#together < this.#width() && canBePassed(last);
  }

  /** It asks for more, and what stands behind it would come before that. */
  #beforeLate(): void {
    if (this.#undoesAhead()) this.#options.width.late(performance.now());
  }

  #undoesAhead(): boolean {
    const first = this.#forget();
    if (!first) return false;
    // It fails where the transaction is aborted or gone, and then whatever follows it does too.
    this.#options.shared.query(`ROLLBACK TO SAVEPOINT ${first.savepoint}`).catch(() => undefined);
    return true;
  }

  /** @returns the first one of those in the pipe of which the server knows */
  #forget(): MemberClient | undefined {
    const inPipe = this.#ahead.slice(0, this.#inPipe).map(({ client }) => client);
    const first = inPipe.find(({ isSent }) => isSent);
    if (!first) return undefined;
    for (const client of inPipe) client.undone();
    this.#inPipe = 0;
    this.#isWhole = false;
    return first;
  }

  #countLast(): void {
    if (this.#isWhole && this.#together >= this.#width()) this.#options.width.stood(performance.now());
  }

  #width(): number {
    return this.#options.width.allowed(performance.now());
  }
}

/** What is over already, because its time was, gets no answers any more: its code waits for them. */
function takeTurn({ client, performed }: Piped<unknown>): void {
  if (performed?.abandoned) client.withdraw();
  else client.takeTurn();
}

/** What stands behind it stays as it is, unless it asks for more or fails. */
function canBePassed({ client, performed }: Piped<unknown>): boolean {
  if (!performed) return client.canBePassed;
  return !client.isDoubtful && (performed.outcome.kind === "done" || !client.isSent);
}

/** All that a member can do without waiting for anything but itself is done. */
const firstGo = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

function refused(error: unknown): false {
  if (!wasRefused(error)) throw error;
  return false;
}
