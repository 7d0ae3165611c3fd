import type { TransactionClient } from "@postback/database";
import { asAskedNow, givesNoPromise, isOrdinary } from "./asked-statement.ts";

/** What is known of an attempt's place in a transaction that it shares. */
export interface Place {
  /** When those before it had ended, by `performance.now()`; undefined as long as they haven't. */
  readonly turnAtMs: number | undefined;
  /** It was given up before its turn: its end tells nothing of it. */
  readonly isWithdrawn: boolean;
}

interface Asked {
  readonly args: readonly unknown[];
  readonly isOrdinary: boolean;
  /** What the server says to it where it was sent last. */
  answer: unknown;
}

/**
 * The transaction's client as one member has it. Before its turn, the statements of its first go are sent behind those
 * of the members before it, and their answers are kept from it: so it never acts on what may be taken back, and where it
 * is taken back, the same statements are sent again without its knowing. What it asks later waits for its turn.
 */
export class MemberClient implements Place {
  /** For the member's code. */
  readonly client: TransactionClient;
  readonly savepoint: string;
  /** Its savepoint, and statements behind it, are in the transaction. */
  isSent = false;
  /** How often its statements were sent before its turn. */
  sentAhead = 0;
  /** The transaction may be aborted or ended by what it asked. */
  isDoubtful = false;
  isWithdrawn = false;
  turnAtMs: number | undefined;
  readonly #shared: TransactionClient;
  readonly #position: number;
  readonly #beforeSending: () => void;
  readonly #asked: Asked[] = [];
  readonly #turn = Promise.withResolvers<void>();
  #phase: "first-go" | "ahead" | "turn" | "ended" = "first-go";
  #setting: Promise<unknown> | undefined;
  #lastAnswered: Promise<unknown> | undefined;

  /**
   * @param position of the member in the transaction, from 0
   * @param beforeSending called before a statement is sent that nobody else's may stand before
   */
  constructor(shared: TransactionClient, position: number, beforeSending: () => void) {
    this.#shared = shared;
    this.#position = position;
    this.#beforeSending = beforeSending;
    this.savepoint = savepointName(position);
    const query = (...args: unknown[]) => this.#ask(args);
    this.client = new Proxy(shared, { get: (target, key) => (key === "query" ? query : Reflect.get(target, key)) });
    // Withdrawn before it asked anything: nobody waits.
    this.#turn.promise.catch(() => undefined);
  }

  /** It has asked something, and nothing that has to be answered before others may go on. */
  get canBePassed(): boolean {
    return this.isSent && !this.isDoubtful;
  }

  /** Its first go is over: what it asks from now on waits for its turn. */
  endFirstGo(): void {
    if (this.#phase === "first-go") this.#phase = "ahead";
  }

  /** Sends again what it asked, before its turn. */
  sendAhead(): void {
    for (const asked of this.#asked) {
      if (!asked.isOrdinary) return;
      this.#sendAhead(asked);
    }
  }

  /** What it did was taken back. */
  undone(): void {
    this.isSent = false;
    this.#setting = undefined;
    for (const asked of this.#asked) asked.answer = undefined;
  }

  /** All before it have ended, and stand: it gets its answers, and what it asks is sent at once. */
  takeTurn(): void {
    this.#phase = "turn";
    this.turnAtMs = performance.now();
    if (this.#setting) this.#watch(this.#setting);
    for (const asked of this.#asked) {
      if (asked.answer === undefined) asked.answer = this.#send(asked.args);
      else this.#watch(asked.answer);
    }
    this.#turn.resolve();
  }

  /** Resolves when all that was sent in its turn is answered. */
  async answered(): Promise<void> {
    await this.#lastAnswered;
  }

  /** Its code may go on; it reaches the transaction no more. */
  end(): void {
    this.#phase = "ended";
  }

  /** It gets no turn. */
  withdraw(): void {
    this.end();
    this.isWithdrawn = true;
    this.#turn.reject(new Error("the transaction that it shared with other steps was given up"));
  }

  #ask(args: readonly unknown[]): unknown {
    if (this.#phase === "ended") return Promise.reject(new Error("the step has ended: nothing of it is sent any more"));
    if (args[0] === null || args[0] === undefined) return this.#query(args);
    const ordinary = isOrdinary(args) && !givesNoPromise(args);
    if (!ordinary) this.isDoubtful = true;
    return this.#phase === "turn" ? this.#send(args) : this.#keep(args, ordinary);
  }

  #keep(args: readonly unknown[], ordinary: boolean): unknown {
    const asked: Asked = { args: ordinary ? asAskedNow(args) : args, isOrdinary: ordinary, answer: undefined };
    this.#asked.push(asked);
    if (this.#phase === "first-go" && !this.isDoubtful) this.#sendAhead(asked);
    if (givesNoPromise(args)) return undefined;
    const answer = this.#turn.promise.then(() => asked.answer);
    // Its code may look at it later than it is there. That it failed is known here in any case.
    answer.catch(() => undefined);
    return answer;
  }

  #sendAhead(asked: Asked): void {
    if (!this.isSent) {
      this.sentAhead += 1;
      this.#setSavepoint().catch(() => undefined);
    }
    const answer = this.#query(asked.args) as Promise<unknown>;
    // It may be taken back; when it isn't, its turn looks at it.
    answer.catch(() => undefined);
    asked.answer = answer;
  }

  #send(args: readonly unknown[]): unknown {
    this.#beforeSending();
    if (!this.isSent) this.#watch(this.#setSavepoint());
    const answer = this.#query(args);
    this.#watch(answer);
    return answer;
  }

  #setSavepoint(): Promise<unknown> {
    this.isSent = true;
    this.#setting = this.#shared.query(settingSavepoint(this.#position));
    return this.#setting;
  }

  #watch(answer: unknown): void {
    if (!(answer instanceof Promise)) return;
    // The server answers one after the other: with the last one all are answered.
    this.#lastAnswered = answer.catch(() => {
      this.isDoubtful = true;
    });
  }

  #query(args: readonly unknown[]): unknown {
    return Reflect.apply(this.#shared.query, this.#shared, args);
  }
}

const savepointName = (position: number): string => `member_${position}`;

/** Prepared under their names. Bounded by the members of a transaction. */
const settings: { readonly name: string; readonly text: string }[] = [];

function settingSavepoint(position: number): { name: string; text: string } {
  const name = savepointName(position);
  settings[position] ??= { name: `set_${name}`, text: `SAVEPOINT ${name}` };
  return settings[position];
}
