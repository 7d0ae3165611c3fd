import { randomFillSync } from "node:crypto";

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Random bytes for many ids at once: a call into the kernel's generator for each costs more than all the rest. */
const pool = Buffer.alloc(24 * 128);
let used = pool.length;

/**
 * The caller's W3C trace context if it is a valid one (https://www.w3.org/TR/trace-context/#traceparent-header), else a
 * new one, not sampled: nobody recorded its beginning. It goes with the message to the webhook.
 */
export function traceparentOf(header: string | undefined): string {
  if (header !== undefined && pattern.test(header)) return header;
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const trace = pool.toString("hex", used, used + 16);
  const parent = pool.toString("hex", used + 16, used + 24);
  used += 24;
  return `00-${trace}-${parent}-00`;
}
