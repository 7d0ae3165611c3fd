import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { afterOf, pageQuery, presentPage, readQuery } from "../page.ts";
import { presentEndpoint } from "./present-endpoint.ts";

export interface ReadEndpointsOptions {
  store: Pick<IngestStore, "findEndpoint" | "listEndpoints">;
}

export function showEndpoint({ store }: ReadEndpointsOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const id = idParam(ctx, "id");
    const row = id === undefined ? undefined : await store.findEndpoint(tenantId, id, partnerId);
    if (row === undefined) throw notFound("endpoint");
    sendJson(ctx, 200, JSON.stringify(presentEndpoint(row)));
  };
}

export function listEndpoints({ store }: ReadEndpointsOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const { limit, cursor } = readQuery(ctx.querystring, pageQuery);
    const [after] = afterOf(cursor, 1) ?? [];
    const rows = await store.listEndpoints(tenantId, {
      ...(after === undefined ? {} : { after }),
      ...(partnerId === undefined ? {} : { partnerId }),
      limit: limit + 1,
    });
    sendJson(ctx, 200, JSON.stringify(presentPage(rows, limit, presentEndpoint, (row) => [row.id])));
  };
}
