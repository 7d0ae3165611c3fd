import type { Context } from "../command.ts";
import { UsageError } from "../command.ts";
import { table } from "../output/table.ts";

/** What one listing shows unless `--limit` says more. */
const limitDefault = 50;

export const limitOption = {
  type: "string",
  value: "NUMBER",
  description: `How many at most; default ${limitDefault}`,
} as const;

/** A list for people as a table, for programs a line each. */
export async function showList<T>(
  { out, json, given }: Pick<Context, "out" | "json" | "given">,
  items: AsyncIterable<T>,
  head: readonly string[],
  row: (item: T) => readonly string[],
): Promise<void> {
  const limit = limitOf(given.text("limit"));
  const found: T[] = [];
  for await (const item of items) {
    if (found.length === limit) {
      out.note(`There are more: --limit shows more than ${limit}.`);
      break;
    }
    found.push(item);
  }
  if (json) for (const item of found) out.line(JSON.stringify(item));
  else if (found.length === 0) out.note("There are none.");
  else out.line(table(head, found.map(row)));
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return limitDefault;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`--limit is a number from 1 to 99999, not "${text}".`);
}
