import type { ShownApiKey } from "@postback/database";
import { isKeyId } from "@postback/domain";
import type { Context } from "koa";
import { z } from "zod";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { pathParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { pageQuery, readQuery } from "../page.ts";
import { presentApiKey } from "./present-api-key.ts";

export interface ReadApiKeysOptions {
  store: Pick<IngestStore, "listApiKeys" | "showApiKey">;
  /** What keys of this installation say they are for: `pb_<keyEnv>_…`. */
  keyEnv: string;
}

/** Keys are named by their own ids, not by UUIDs: so is where a page ended. */
const query = { ...pageQuery, cursor: z.string().optional() };

export function listApiKeys({ store, keyEnv }: ReadApiKeysOptions): Handler {
  return async (ctx, { tenantId }) => {
    const { limit, cursor } = readQuery(ctx.querystring, query);
    if (cursor !== undefined && !isKeyId(cursor)) {
      throw new Refusal("invalid-cursor", "Take the cursor from nextCursor of the page before, unchanged.");
    }
    const rows = await store.listApiKeys(tenantId, {
      ...(cursor === undefined ? {} : { after: cursor }),
      limit: limit + 1,
    });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const data = shown.map((row) => presentApiKey(row, keyEnv));
    const next = rows.length > limit && last !== undefined ? { nextCursor: last.keyId } : {};
    sendJson(ctx, 200, JSON.stringify({ data, ...next }));
  };
}

export function showApiKey(options: ReadApiKeysOptions): Handler {
  return async (ctx, { tenantId }) => {
    const row = await keyInPath(options, ctx, tenantId);
    sendJson(ctx, 200, JSON.stringify(presentApiKey(row, options.keyEnv)));
  };
}

/** @throws {Refusal} not-found, also for a key of another tenant */
export async function keyInPath(
  { store }: Pick<ReadApiKeysOptions, "store">,
  ctx: Context,
  tenantId: string,
): Promise<ShownApiKey> {
  const id = pathParam(ctx, "id");
  const row = isKeyId(id) ? await store.showApiKey(tenantId, id) : undefined;
  if (row === undefined) throw notFound("API key");
  return row;
}
