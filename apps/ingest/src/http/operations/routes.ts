import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ShowOperationOptions, showOperation } from "./show-operation.ts";
import { type SubmitOperationOptions, submitOperation } from "./submit-operation.ts";

export type OperationRoutesOptions = SubmitOperationOptions & ShowOperationOptions;

export function operationRoutes(router: Router, authorize: Authorize, options: OperationRoutesOptions): void {
  router.post("/v1/operations", authorize("operations:write", submitOperation(options)));
  router.get("/v1/operations/:id", authorize("operations:read", showOperation(options)));
}
