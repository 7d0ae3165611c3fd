import { limits } from "@postback/contracts";
import { type EventPattern, parsePattern } from "@postback/domain";
import type { Context } from "koa";
import { z } from "zod";
import type { Cursor } from "../../push/cursor.ts";
import type { EventFilter } from "../../push/event-filter.ts";
import { openFeed } from "../../push/follow-feed.ts";
import { readFeedPage } from "../../push/read-feed-page.ts";
import { Refusal } from "../../refusal.ts";
import { sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { entityQuery } from "../operations/list-operations.ts";
import { pageQuery, readQuery } from "../page.ts";
import { type StreamToOptions, streamTo, wantsStream } from "../stream-to.ts";

/** `order.*,sku.**` */
const typesQuery = z.string().transform((text, context) => {
  const patterns = parsePatterns(text.split(","));
  if (patterns !== undefined) return patterns;
  context.addIssue({ code: "custom", message: "must be event type patterns, like order.*, separated by commas" });
  return z.NEVER;
});

const query = {
  ...pageQuery,
  types: typesQuery.optional(),
  entity: entityQuery.optional(),
  since: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
};

/** @returns undefined where one is none, or there are too many */
export function parsePatterns(texts: readonly string[]): EventPattern[] | undefined {
  const patterns = texts.map((text) => parsePattern(text)).filter((each) => each !== undefined);
  return patterns.length === texts.length && texts.length <= limits.streamTypesMax ? patterns : undefined;
}

/**
 * The tenant's events: as a stream, from a cursor, a time or now on; or as pages, from a cursor, a time or the oldest on.
 * An EventSource that connects again names its last event, which counts more than what its URL says.
 */
export function showFeed(options: StreamToOptions): Handler {
  return async (ctx, caller) => {
    const { feed } = options.push;
    const { limit, cursor, since, types, entity } = readQuery(ctx.querystring, query);
    const filter: EventFilter = { tenantId: caller.tenantId, partner: caller.partner, types, entity };
    const given = lastEventId(ctx) ?? cursor;
    const place = given === undefined ? undefined : { cursor: feedCursor(options, caller.tenantId, given) };
    const start = place ?? (since === undefined ? undefined : { sinceMs: since });
    if (wantsStream(ctx)) return await streamTo(options, ctx, caller, () => openFeed(feed, filter, start ?? "now"));
    const page = await readFeedPage(feed, filter, start ?? "oldest", limit);
    const resync = page.resync ? ',"resync":true' : "";
    sendJson(ctx, 200, `{"data":[${page.events.join(",")}],"nextCursor":"${page.nextCursor}"${resync}}`);
  };
}

/** Where an EventSource goes on. */
export function lastEventId(ctx: Context): string | undefined {
  const id = ctx.req.headers["last-event-id"];
  return typeof id === "string" && id !== "" ? id : undefined;
}

/** @throws {Refusal} invalid-cursor */
export function feedCursor({ push }: Pick<StreamToOptions, "push">, tenantId: string, text: string): Cursor {
  const { seal, partitions } = push.feed;
  const cursor = seal.read("feed", tenantId, text);
  if (cursor === undefined || [...cursor.positions.keys()].some((partition) => partition >= partitions)) {
    throw cursorRefused();
  }
  return cursor;
}

export const cursorRefused = (): Refusal =>
  new Refusal("invalid-cursor", "Take the cursor, or Last-Event-ID, from an answer of the same kind, unchanged.");
