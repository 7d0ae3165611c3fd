import { deadLetterFilter, deadLetterStatusSchema } from "@postback/contracts";
import type { DeadLetterFilter, FoundDeadLetter } from "@postback/database";
import type { Context } from "koa";
import type { Caller } from "../../auth/known-keys.ts";
import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { pathParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { pageQuery, readQuery } from "../page.ts";
import { deadLetterCursor, readDeadLetterCursor } from "./dead-letter-cursor.ts";
import { parseDeadLetterId } from "./dead-letter-id.ts";
import { lettersFor, presentDeadLetter, presentWhole } from "./present-dead-letter.ts";

export interface ReadDeadLettersOptions {
  store: Pick<IngestStore, "listDeadLetters" | "findDeadLetter">;
}

const query = { ...pageQuery, ...deadLetterFilter, status: deadLetterStatusSchema.optional() };

/** What was given up, the newest first, without the messages. */
export function listDeadLetters({ store }: ReadDeadLettersOptions): Handler {
  return async (ctx, caller) => {
    const { limit, cursor, status, ...filter } = readQuery(ctx.querystring, query);
    const rows = await store.listDeadLetters(lettersFor(caller), {
      ...filterOf(filter),
      status,
      after: cursor === undefined ? undefined : readDeadLetterCursor(cursor),
      limit: limit + 1,
    });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const data = shown.map((row) => presentDeadLetter(row, caller));
    const next = rows.length > limit && last !== undefined ? { nextCursor: deadLetterCursor(last) } : {};
    sendJson(ctx, 200, JSON.stringify({ data, ...next }));
  };
}

export function showDeadLetter(options: ReadDeadLettersOptions): Handler {
  return async (ctx, caller) => {
    sendJson(ctx, 200, JSON.stringify(presentWhole(await letterInPath(options, ctx, caller), caller)));
  };
}

/** @throws {Refusal} not-found, also for what the caller may not see */
export async function letterInPath(
  { store }: ReadDeadLettersOptions,
  ctx: Context,
  caller: Caller,
): Promise<FoundDeadLetter> {
  const place = parseDeadLetterId(pathParam(ctx, "id"));
  const letter = place === undefined ? undefined : await store.findDeadLetter(lettersFor(caller), place);
  if (letter === undefined) throw notFound("dead letter");
  return letter;
}

interface GivenFilter {
  reason?: string | undefined;
  topic?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

export const filterOf = ({ reason, topic, since, until }: GivenFilter): DeadLetterFilter => ({
  reason,
  topic,
  since: since === undefined ? undefined : new Date(since),
  until: until === undefined ? undefined : new Date(until),
});
