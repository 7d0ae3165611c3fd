/** A message as the port takes it; the partition is always the caller's (`partitionFor`). */
export interface OutgoingMessage {
  topic: string;
  partition: number;
  key: string | Buffer | null;
  value: string | Buffer | null;
  /** Value of the one packed header, `pb`. */
  header: string;
  /** For dead letters alone: every header costs CPU on each message. */
  extraHeaders?: Record<string, string>;
}

/** Where the message is: base offset of its batch in the partition plus its index. */
export interface Acknowledged {
  offset: number;
}

/** Name of the one packed header. */
export const PACKED_HEADER = "pb";

/** Framing of one record (lengths, deltas, header name) and of a batch around it alone (61), bytes; an upper bound. */
const RECORD_OVERHEAD_BYTES = 96;

/** Size of a message on the wire, bytes, a little too large rather than too small. */
export function messageBytes(message: OutgoingMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + sizeOf(message.key) + sizeOf(message.value) + Buffer.byteLength(message.header);
  for (const [name, value] of Object.entries(message.extraHeaders ?? {})) bytes += sizeOf(name) + sizeOf(value);
  return bytes;
}

const sizeOf = (part: string | Buffer | null): number =>
  part === null ? 0 : typeof part === "string" ? Buffer.byteLength(part) : part.length;
