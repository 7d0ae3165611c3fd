import { type ProtocolMessage, textsIn } from "./read-messages.ts";

/** What a client sends to be worked as one: a simple query, or extended messages up to their Sync. */
export interface ClientUnit {
  readonly bytes: Buffer;
  /** The server ends its answer with ReadyForQuery. */
  readonly isAnswered: boolean;
  /**
   * Where something becomes durable: `COMMIT`, or the name (else the beginning) of a statement outside any transaction
   * that changes something.
   */
  readonly commits?: string;
}

const begins = /^\s*(?:begin|start\s+transaction)\b/i;
const commits = /^\s*(?:commit|end)\b/i;
const rollsBack = /^\s*rollback\b(?!\s+to\b)/i;
/** `FOR UPDATE` only locks. A function that writes can't be seen in the text of its call: ours are called by such statements. */
const changes =
  /\binsert\s+into\b|\bdelete\s+from\b|(?<!\bfor\s+|\bkey\s+)\bupdate\s+[\w"]|^\s*(?:create|alter|drop|truncate)\b/i;
const shownMaxChars = 60;

interface SentStatement {
  readonly name: string;
  readonly text: string;
}

/** Groups a client's messages into units, and knows which of them commit. */
export class ClientUnits {
  readonly #prepared = new Map<string, SentStatement>();
  #messages: Buffer[] = [];
  #sent: SentStatement[] = [];
  #isInTransaction = false;

  /** @returns the unit that this message completes, if it does */
  take(message: ProtocolMessage): ClientUnit | undefined {
    this.#messages.push(message.bytes);
    switch (message.type) {
      case "P":
        this.#prepare(message);
        return undefined;
      case "B":
        this.#bind(message);
        return undefined;
      case "C":
      case "D":
      case "E":
        return undefined;
      case "Q":
        this.#sent.push({ name: "", text: textsIn(message, 1)[0] ?? "" });
        return this.#complete(true);
      case "S":
        return this.#complete(true);
      default:
        return this.#complete(false);
    }
  }

  #prepare(message: ProtocolMessage): void {
    const [name = "", text = ""] = textsIn(message, 2);
    this.#prepared.set(name, { name, text });
  }

  #bind(message: ProtocolMessage): void {
    const [, name = ""] = textsIn(message, 2);
    const statement = this.#prepared.get(name);
    if (!statement) throw new RangeError(`the statement ${name} was bound and never prepared`);
    this.#sent.push(statement);
  }

  #complete(isAnswered: boolean): ClientUnit {
    const names = this.#sent.map((statement) => this.#nameOfCommit(statement));
    const name = names.find((each) => each !== undefined);
    const bytes = Buffer.concat(this.#messages);
    this.#messages = [];
    this.#sent = [];
    return { bytes, isAnswered, ...(name === undefined ? {} : { commits: name }) };
  }

  #nameOfCommit({ name, text }: SentStatement): string | undefined {
    const wasInTransaction = this.#isInTransaction;
    if (begins.test(text)) this.#isInTransaction = true;
    if (commits.test(text) || rollsBack.test(text)) this.#isInTransaction = false;
    if (commits.test(text)) return "COMMIT";
    if (wasInTransaction || !changes.test(text)) return undefined;
    return name === "" ? text.trim().slice(0, shownMaxChars) : name;
  }
}
