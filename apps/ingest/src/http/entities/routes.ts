import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ShowEntityOptions, showEntity } from "./show-entity.ts";

export type EntityRoutesOptions = ShowEntityOptions;

export function entityRoutes(router: Router, authorize: Authorize, options: EntityRoutesOptions): void {
  router.get("/v1/entities/:type/:id", authorize("operations:read", showEntity(options)));
}
