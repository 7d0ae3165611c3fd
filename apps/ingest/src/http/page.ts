import { limits } from "@postback/contracts";
import { z } from "zod";
import { Refusal } from "../refusal.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { fieldErrors } from "./field-errors.ts";

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(limits.pageSizeMax).default(limits.pageSizeDefault),
  cursor: z.string().optional(),
};

/**
 * Reads the query of a list; a name that the list doesn't know, or that is given twice, is refused, because a filter
 * that was mistyped would silently answer with everything.
 * @throws {Refusal} invalid-query
 */
export function readQuery<S extends z.ZodRawShape>(search: string, shape: S): z.output<z.ZodObject<S>> {
  const params = new URLSearchParams(search);
  const given: Record<string, unknown> = {};
  for (const [name, value] of params) given[name] = Object.hasOwn(given, name) ? [given[name], value] : value;
  const parsed = z.strictObject(shape).safeParse(given);
  if (parsed.success) return parsed.data as z.output<z.ZodObject<S>>;
  const errors = fieldErrors(parsed.error);
  const detail = errors.map(({ pointer, message }) => `${pointer.slice(1)}: ${message}`).join("; ");
  throw new Refusal("invalid-query", detail);
}

/** The key to go on after, if a cursor was given. */
export const afterOf = (cursor: string | undefined, parts: number): readonly string[] | undefined =>
  cursor === undefined ? undefined : readCursor(cursor, parts);

/**
 * A page of a list.
 * @param rows one more than `limit` where there is more: that is how the end is seen without counting
 * @param keyOf the ids to go on after
 */
export function presentPage<R, T>(
  rows: readonly R[],
  limit: number,
  present: (row: R) => T,
  keyOf: (row: R) => readonly string[],
): { data: T[]; nextCursor?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const data = shown.map(present);
  return rows.length > limit && last !== undefined ? { data, nextCursor: writeCursor(...keyOf(last)) } : { data };
}
