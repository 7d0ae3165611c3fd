import { UsageError } from "./command.ts";

/** `order:order-17`; the id may have colons. @throws {UsageError} */
export function parseEntity(text: string): { type: string; id: string } {
  const at = text.indexOf(":");
  if (at < 1 || at === text.length - 1) throw new UsageError(`--entity is like order:order-17, not "${text}".`);
  return { type: text.slice(0, at), id: text.slice(at + 1) };
}
