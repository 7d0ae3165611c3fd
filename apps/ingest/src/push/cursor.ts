import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { ByteReader, ByteWriter } from "./cursor-bytes.ts";

/** How far a reader is in one partition. */
export interface Position {
  /** The next offset to be read. */
  offset: number;
  /** The highest number seen (design §3.3): an event not above it is a repetition. 0 where none was. */
  number: bigint;
}

/** A place in the events, by partition, with the tags of the last events that have no number ({@link tagOf}). */
export interface Cursor {
  positions: ReadonlyMap<number, Position>;
  lately: readonly string[];
}

/** `feed`: a place in the log; `operation`: only numbers, because an operation's events are read from its rows. */
export type CursorKind = "feed" | "operation";

const kinds = { feed: 1, operation: 2 } as const satisfies Record<CursorKind, number>;
const sealBytes = 12;
const tagBytes = 6;
/** Tags in a cursor, at most: what repeats an event without a number is a retry, moments later. */
export const latelyMax = 16;

/** Tells an event without a number from others: the random end of its id. */
export const tagOf = (eventId: string): string => eventId.slice(-2 * tagBytes);

/**
 * Writes and reads cursors. They are opaque to clients: sealed, so that nobody can make one that points elsewhere, for
 * the tenant that got it. Every ingest has the same keys, so that each can read those of the others, also of an older key.
 */
export class CursorSeal {
  readonly #keys: readonly Buffer[];

  /** @param secrets those that all instances share, the newest first */
  constructor(secrets: readonly Uint8Array[]) {
    this.#keys = secrets.map((secret) => Buffer.from(hkdfSync("sha256", secret, "", "postback cursor", 32)));
  }

  write(kind: CursorKind, tenantId: string, { positions, lately }: Cursor): string {
    const writer = new ByteWriter();
    writer.number(kinds[kind]);
    writer.number(positions.size);
    for (const [partition, { offset, number }] of positions) {
      writer.number(partition);
      writer.number(offset);
      writer.bigint(number);
    }
    const tags = lately.slice(-latelyMax).map((tag) => Buffer.from(tag, "hex"));
    const body = Buffer.concat([writer.bytes(), ...tags]);
    const [key] = this.#keys;
    if (key === undefined) throw new Error("there is no key to seal cursors with");
    return Buffer.concat([sealOf(key, tenantId, body), body]).toString("base64url");
  }

  /** @returns undefined where it is none of this kind that was made for the tenant */
  read(kind: CursorKind, tenantId: string, text: string): Cursor | undefined {
    const bytes = Buffer.from(text, "base64url");
    const seal = bytes.subarray(0, sealBytes);
    const body = bytes.subarray(sealBytes);
    if (seal.length < sealBytes || bytes.toString("base64url") !== text) return undefined;
    if (!this.#keys.some((key) => timingSafeEqual(sealOf(key, tenantId, body), seal))) return undefined;
    return parse(kind, body);
  }
}

const sealOf = (key: Buffer, tenantId: string, body: Buffer): Buffer =>
  createHmac("sha256", key).update(tenantId).update(body).digest().subarray(0, sealBytes);

/** Of a sealed body: it was written above. */
function parse(kind: CursorKind, body: Buffer): Cursor | undefined {
  const reader = new ByteReader(body);
  if (reader.number() !== kinds[kind]) return undefined;
  const count = reader.number();
  const positions = new Map<number, Position>();
  for (let i = 0; i < count; i += 1) {
    positions.set(reader.number(), { offset: reader.number(), number: reader.bigint() });
  }
  const tags = reader.rest().toString("hex");
  return { positions, lately: tags.match(new RegExp(`.{${2 * tagBytes}}`, "g")) ?? [] };
}
