import { randomUUIDv7 } from "node:crypto";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME_MAX_MS = 2 ** 48 - 1;
const RANDOM_BYTES = 10;
const ALL_ZERO = new Uint8Array(RANDOM_BYTES);

const CLIENT_ID_PAST_MAX_MS = 24 * 3600 * 1000;
const CLIENT_ID_FUTURE_MAX_MS = 5 * 60 * 1000;

/** What is wrong with an id that a client made. */
export type ClientIdProblem = {
  readonly code: "not-uuid-v7" | "too-old" | "in-the-future";
  readonly message: string;
};

/** A new id; ids made in the same millisecond have no order among themselves (RFC 9562 §5.7). 0.3 us. */
export function newId(): string {
  return randomUUIDv7();
}

/** Lower case only: ids are compared as text, in Kafka's keys as in maps, and must have one spelling. */
export function isUuidV7(text: string): boolean {
  return UUID_V7.test(text);
}

/** The time in a UUIDv7, milliseconds since 1970. The text must be one ({@link isUuidV7}). */
export function timeOfUuidV7(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * The UUIDv7 of a time, for the borders of ranges.
 * @param timeMs milliseconds since 1970
 * @param random 10 bytes; left out, all zero: no UUIDv7 of that millisecond is below it
 * @throws RangeError outside 1970 to 10889, or with another number of bytes
 */
export function uuidV7At(timeMs: number, random: Uint8Array = ALL_ZERO): string {
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > TIME_MAX_MS) {
    throw new RangeError(`a UUIDv7 can't hold the time ${timeMs}`);
  }
  if (random.length !== RANDOM_BYTES) throw new RangeError(`a UUIDv7 takes ${RANDOM_BYTES} random bytes`);
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(timeMs, 0, 6);
  bytes.set(random, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * Whether a client-made id may be used: a UUIDv7 made between 24 hours ago and 5 minutes ahead. Rows are partitioned by
 * the time in their id, so an id from another age would land in a partition that is gone or not there yet.
 */
export function checkClientId(id: string, now: Date): ClientIdProblem | undefined {
  if (!isUuidV7(id)) return { code: "not-uuid-v7", message: "must be a UUID of version 7 in lower case" };
  const aheadMs = timeOfUuidV7(id) - now.getTime();
  if (aheadMs < -CLIENT_ID_PAST_MAX_MS) return { code: "too-old", message: "was made more than 24 hours ago" };
  if (aheadMs > CLIENT_ID_FUTURE_MAX_MS) {
    return { code: "in-the-future", message: "was made more than 5 minutes in the future" };
  }
  return undefined;
}
