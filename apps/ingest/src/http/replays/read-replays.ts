import type { ReplayRow } from "@postback/database";
import type { Context } from "koa";
import type { Caller } from "../../auth/known-keys.ts";
import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { afterOf, pageQuery, presentPage, readQuery } from "../page.ts";
import { endpointInPath } from "./create-replay.ts";
import { presentReplay } from "./present-replay.ts";

export interface ReadReplaysOptions {
  store: Pick<IngestStore, "findEndpoint" | "listReplays" | "findReplay">;
}

/** An endpoint's replays, the newest first. */
export function listReplays({ store }: ReadReplaysOptions): Handler {
  return async (ctx, caller) => {
    const { limit, cursor } = readQuery(ctx.querystring, pageQuery);
    const [after] = afterOf(cursor, 1) ?? [];
    const endpoint = await endpointInPath(store, ctx, caller);
    const rows = await store.listReplays(caller.tenantId, endpoint.id, { after, limit: limit + 1 });
    sendJson(ctx, 200, JSON.stringify(presentPage(rows, limit, presentReplay, (row) => [row.id])));
  };
}

export function showReplay({ store }: ReadReplaysOptions): Handler {
  return async (ctx, caller) => {
    sendJson(ctx, 200, JSON.stringify(presentReplay(await replayInPath(store, ctx, caller))));
  };
}

/** @throws {Refusal} not-found, also where its endpoint was deleted */
export async function replayInPath(
  store: ReadReplaysOptions["store"],
  ctx: Context,
  caller: Caller,
): Promise<ReplayRow> {
  const endpoint = await endpointInPath(store, ctx, caller);
  const id = idParam(ctx, "replayId");
  const row = id === undefined ? undefined : await store.findReplay(caller.tenantId, { endpointId: endpoint.id, id });
  if (row === undefined) throw notFound("replay");
  return row;
}
