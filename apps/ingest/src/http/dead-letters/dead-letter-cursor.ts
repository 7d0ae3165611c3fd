import type { DeadLetterPlace, ListedDeadLetter } from "@postback/database";
import { Refusal } from "../../refusal.ts";
import { deadLetterId, parseDeadLetterId } from "./dead-letter-id.ts";

const shape = /^(\d{1,16})\.(dlt_[\w-]+)$/;

/** Where a page ended: when its last letter was given up, microseconds, and the letter; opaque to clients. */
export const deadLetterCursor = (last: ListedDeadLetter): string =>
  Buffer.from(`${last.createdAtUs}.${deadLetterId(last)}`).toString("base64url");

/** @throws {Refusal} invalid-cursor */
export function readDeadLetterCursor(text: string): DeadLetterPlace & { createdAtUs: number } {
  const decoded = Buffer.from(text, "base64url").toString("latin1");
  const [, createdAtUs = "", id = ""] = shape.exec(decoded) ?? [];
  const place = parseDeadLetterId(id);
  if (place === undefined || Buffer.from(decoded).toString("base64url") !== text) {
    throw new Refusal("invalid-cursor", "Take the cursor from nextCursor of the page before, unchanged.");
  }
  return { ...place, createdAtUs: Number(createdAtUs) };
}
