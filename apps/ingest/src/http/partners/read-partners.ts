import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { afterOf, pageQuery, presentPage, readQuery } from "../page.ts";
import { presentPartner } from "./present-partner.ts";

export interface ReadPartnersOptions {
  store: Pick<IngestStore, "findPartner" | "listPartners">;
}

export function showPartner({ store }: ReadPartnersOptions): Handler {
  return async (ctx, { tenantId }) => {
    const id = idParam(ctx, "id");
    const row = id === undefined ? undefined : await store.findPartner(tenantId, id);
    if (row === undefined) throw notFound("partner");
    sendJson(ctx, 200, JSON.stringify(presentPartner(row)));
  };
}

export function listPartners({ store }: ReadPartnersOptions): Handler {
  return async (ctx, { tenantId }) => {
    const { limit, cursor } = readQuery(ctx.querystring, pageQuery);
    const [after] = afterOf(cursor, 1) ?? [];
    const rows = await store.listPartners(tenantId, { ...(after === undefined ? {} : { after }), limit: limit + 1 });
    sendJson(ctx, 200, JSON.stringify(presentPage(rows, limit, presentPartner, (row) => [row.id])));
  };
}
