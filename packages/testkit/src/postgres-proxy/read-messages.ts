/**
 * A message of the wire protocol 3.0 with its header, as it was sent
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
export interface ProtocolMessage {
  /** Its first byte; the messages that open a connection have none: `startup`, `cancel`, `encryption`. */
  readonly type: string;
  readonly bytes: Buffer;
}

const codes: ReadonlyMap<number, string> = new Map([
  [196_608, "startup"],
  [80_877_102, "cancel"],
  [80_877_103, "encryption"],
  [80_877_104, "encryption"],
]);
const lengthBytes = 4;

/** Cuts a stream into messages, however its chunks fall. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #opens: boolean;

  /** @param side a client's stream begins with messages that have no type */
  constructor(side: "client" | "server") {
    this.#opens = side === "client";
  }

  *read(chunk: Buffer): Generator<ProtocolMessage> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let message = this.#next(); message; message = this.#next()) yield message;
  }

  #next(): ProtocolMessage | undefined {
    const typeBytes = this.#opens ? 0 : 1;
    if (this.#rest.length < typeBytes + lengthBytes) return undefined;
    const end = typeBytes + this.#rest.readInt32BE(typeBytes);
    if (this.#rest.length < end) return undefined;
    const bytes = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    return { type: this.#opens ? this.#opening(bytes) : String.fromCharCode(bytes.readUInt8(0)), bytes };
  }

  #opening(bytes: Buffer): string {
    const code = bytes.readInt32BE(lengthBytes);
    const type = codes.get(code);
    if (type === undefined) throw new RangeError(`a connection was opened with the unknown code ${code}`);
    this.#opens = type === "encryption";
    return type;
  }
}

/** The zero-terminated texts at the beginning of a message's body. */
export function textsIn({ bytes }: ProtocolMessage, count: number, start = 1 + lengthBytes): string[] {
  const texts: string[] = [];
  for (let from = start; texts.length < count && from < bytes.length; ) {
    const end = bytes.indexOf(0, from);
    texts.push(bytes.toString("utf8", from, end));
    from = end + 1;
  }
  return texts;
}

/** The parameters of a startup message: `user`, `database`, `application_name`. */
export function startupParameters(message: ProtocolMessage): ReadonlyMap<string, string> {
  const texts = textsIn(message, Number.POSITIVE_INFINITY, 2 * lengthBytes);
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length; at += 2) parameters.set(texts[at] ?? "", texts[at + 1] ?? "");
  return parameters;
}
