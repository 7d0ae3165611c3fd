import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangeTenantsOptions, createTenant, disableTenant, updateTenant } from "./change-tenants.ts";
import { listTenants, type ReadTenantsOptions, showTenant } from "./read-tenants.ts";

export type TenantRoutesOptions = ChangeTenantsOptions & ReadTenantsOptions;

/** What crosses tenants: who there is and what each may do, never what is in one. */
export function tenantRoutes(router: Router, authorize: Authorize, options: TenantRoutesOptions): void {
  router.post("/v1/tenants", authorize("platform", createTenant(options)));
  router.get("/v1/tenants", authorize("platform", listTenants(options)));
  router.get("/v1/tenants/:id", authorize("platform", showTenant(options)));
  router.patch("/v1/tenants/:id", authorize("platform", updateTenant(options)));
  router.delete("/v1/tenants/:id", authorize("platform", disableTenant(options)));
}
