/** Read of an answer before it is cut off. */
const ANSWER_READ_MAX_BYTES = 16 * 1024;
/** Kept of it, for whoever looks into a failed attempt. */
const ANSWER_KEPT_MAX_BYTES = 1024;

/** The beginning of an answer's body, as it was sent: nothing is decompressed. */
export type CappedAnswer = {
  /** @returns false once more than may be read has come */
  take(chunk: Buffer): boolean;
  /** The first 1 KiB as text, or undefined when there was no body. U+0000, which Postgres can't hold, becomes U+FFFD. */
  text(): string | undefined;
};

export function createCappedAnswer(): CappedAnswer {
  let readBytes = 0;
  let kept: Buffer | undefined;
  return {
    take(chunk) {
      readBytes += chunk.length;
      const room = ANSWER_KEPT_MAX_BYTES - (kept?.length ?? 0);
      // A copy: the chunk is a view on a buffer of the socket.
      if (room > 0) kept = Buffer.concat(kept ? [kept, chunk.subarray(0, room)] : [chunk.subarray(0, room)]);
      return readBytes <= ANSWER_READ_MAX_BYTES;
    },
    text() {
      if (!kept) return undefined;
      const text = kept.toString("utf8").replaceAll("\0", "\uFFFD");
      // The cut may go through the middle of a character.
      return readBytes > kept.length ? text.replace(/\uFFFD$/, "") : text;
    },
  };
}
