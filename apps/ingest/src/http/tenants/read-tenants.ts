import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { afterOf, pageQuery, presentPage, readQuery } from "../page.ts";
import { presentTenant } from "./present-tenant.ts";

export interface ReadTenantsOptions {
  store: Pick<IngestStore, "findTenant" | "listTenants">;
}

export function showTenant({ store }: ReadTenantsOptions): Handler {
  return async (ctx) => {
    const id = idParam(ctx, "id");
    const row = id === undefined ? undefined : await store.findTenant(id);
    if (row === undefined) throw notFound("tenant");
    sendJson(ctx, 200, JSON.stringify(presentTenant(row)));
  };
}

export function listTenants({ store }: ReadTenantsOptions): Handler {
  return async (ctx) => {
    const { limit, cursor } = readQuery(ctx.querystring, pageQuery);
    const [after] = afterOf(cursor, 1) ?? [];
    const rows = await store.listTenants({ ...(after === undefined ? {} : { after }), limit: limit + 1 });
    sendJson(ctx, 200, JSON.stringify(presentPage(rows, limit, presentTenant, (row) => [row.id])));
  };
}
