import { limits } from "@postback/contracts";

/** What a client prefers (RFC 7240): to wait for the end for so many seconds, or to be answered at once. */
export interface Preference {
  waitSeconds: number;
  /** The header Preference-Applied of an answer that honoured it. */
  applied: string;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const preference = new RegExp(`^(${token})(?:\\s*=\\s*(?:"([^"\\\\]*)"|(${token})))?\\s*(?:;.*)?$`);

/**
 * Reads the header Prefer. Unknown preferences and unreadable ones are passed over, as RFC 7240 §2 wants; of one that is
 * given twice the first counts. With both, `wait` is how long to wait before answering asynchronously (§4.3), which is
 * what a wait that isn't over in time does anyway.
 */
export function readPrefer(header: string | undefined): Preference | undefined {
  if (header === undefined) return undefined;
  const given = new Map<string, string>();
  for (const part of header.split(",")) {
    const [, name, quoted, plain] = preference.exec(part.trim()) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !given.has(key)) given.set(key, quoted ?? plain ?? "");
  }
  const wait = given.get("wait");
  if (wait !== undefined && /^\d{1,9}$/.test(wait)) {
    const waitSeconds = Math.min(Number(wait), limits.waitMaxSeconds);
    return { waitSeconds, applied: `wait=${waitSeconds}` };
  }
  return given.has("respond-async") ? { waitSeconds: 0, applied: "respond-async" } : undefined;
}
