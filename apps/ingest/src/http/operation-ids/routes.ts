import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { makeOperationIds } from "./make-operation-ids.ts";

export function operationIdRoutes(router: Router, authorize: Authorize): void {
  router.post("/v1/operation-ids", authorize("operations:write", makeOperationIds));
}
