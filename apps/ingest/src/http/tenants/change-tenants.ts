import { createTenantSchema, type Scope, updateTenantSchema } from "@postback/contracts";
import type { TenantChanges, TenantRow } from "@postback/database";
import { drawApiKey, keptOfApiKey, newId } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import type { Context } from "koa";
import type { Caller } from "../../auth/known-keys.ts";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentTenant } from "./present-tenant.ts";

export interface ChangeTenantsOptions {
  store: Pick<IngestStore, "createTenant" | "findTenant" | "updateTenant" | "createApiKey">;
  /** What keys of this installation say they are for: `pb_<keyEnv>_…`. */
  keyEnv: string;
  logger: Logger;
}

/** What a tenant's first key may do: all that is inside of it. */
const firstKeyScopes: readonly Scope[] = [
  "operations:write",
  "operations:read",
  "endpoints:write",
  "endpoints:read",
  "operator",
];

/** Makes a tenant with its first key, which is in this answer and nowhere else. */
export function createTenant({ store, keyEnv, logger }: ChangeTenantsOptions): Handler {
  return async (ctx, caller) => {
    const { name, quota } = await readJsonAs(ctx.req, createTenantSchema);
    const id = newId();
    await store.createTenant({ id, name, ...quota });
    const row = await store.findTenant(id);
    if (row === undefined) throw new Error("a tenant that was made just now is gone");
    const apiKey = drawApiKey(keyEnv);
    const first = { ...keptOfApiKey(apiKey), scopes: [...firstKeyScopes], name: "first" };
    await store.createApiKey({ tenantId: id, ...first });
    logger.info({ keyId: caller.keyId, tenantId: id, outcome: "created" }, "tenant.changed");
    ctx.res.setHeader("location", `/v1/tenants/${id}`);
    ctx.res.setHeader("cache-control", "no-store");
    sendJson(ctx, 201, JSON.stringify({ ...presentTenant(row), apiKey }));
  };
}

export function updateTenant(options: ChangeTenantsOptions): Handler {
  return async (ctx, caller) => {
    const { name, quota, enabled } = await readJsonAs(ctx.req, updateTenantSchema);
    const row = await change(options, ctx, caller, {
      ...(name === undefined ? {} : { name }),
      ...(quota === undefined ? {} : { requestsPerSecond: quota?.requestsPerSecond ?? null }),
      ...(enabled === undefined ? {} : { enabled }),
    });
    sendJson(ctx, 200, JSON.stringify(presentTenant(row)));
  };
}

/** Disables it: its keys are refused within a second, and nothing of it is deleted. PATCH enables it again. */
export function disableTenant(options: ChangeTenantsOptions): Handler {
  return async (ctx, caller) => {
    await change(options, ctx, caller, { enabled: false });
    ctx.status = 204;
  };
}

/** @throws {Refusal} not-found; forbidden for whoever would shut himself out */
async function change(
  { store, logger }: ChangeTenantsOptions,
  ctx: Context,
  caller: Caller,
  changes: TenantChanges,
): Promise<TenantRow> {
  const id = idParam(ctx, "id");
  if (id === caller.tenantId && changes.enabled === false) {
    throw new Refusal("forbidden", "This is the tenant of the key of this request: disabled, nobody could enable it.");
  }
  const row = id === undefined ? undefined : await store.updateTenant(id, changes);
  if (row === undefined) throw notFound("tenant");
  logger.info({ keyId: caller.keyId, tenantId: row.id, outcome: "updated" }, "tenant.changed");
  return row;
}
