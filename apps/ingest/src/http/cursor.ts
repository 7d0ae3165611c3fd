import { Refusal } from "../refusal.ts";

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const shape = new RegExp(`^${uuid}(?:\\.${uuid})*$`);

/** Where a page ended: the key of its last item, as ids; opaque to clients. */
export const writeCursor = (...ids: readonly string[]): string => Buffer.from(ids.join(".")).toString("base64url");

/**
 * @param parts how many ids the key of this list has
 * @throws {Refusal} invalid-cursor
 */
export function readCursor(text: string, parts: number): readonly string[] {
  const decoded = Buffer.from(text, "base64url").toString("latin1");
  const ids = decoded.split(".");
  if (!shape.test(decoded) || ids.length !== parts || writeCursor(...ids) !== text) {
    throw new Refusal("invalid-cursor", "Take the cursor from nextCursor of the page before, unchanged.");
  }
  return ids;
}
