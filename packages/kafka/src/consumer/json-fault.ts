import { isUtf8 } from "node:buffer";

/** What keeps a message's body from being JSON text in UTF-8, in words; undefined when it is. */
export function jsonFault(body: Buffer | null): string | undefined {
  if (body === null) return "the message has no body";
  if (!isUtf8(body)) return "the body is not UTF-8";
  try {
    JSON.parse(body.toString("utf8"));
    return undefined;
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message}`;
  }
}
