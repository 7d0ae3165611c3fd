import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ListEventsOptions, listEvents } from "./list-events.ts";
import { type ListOperationsOptions, listOperations } from "./list-operations.ts";
import { type RequestChangeOptions, requestChange } from "./request-change.ts";
import { type ShowOperationOptions, showOperation } from "./show-operation.ts";
import { type SubmitBatchOptions, submitBatch } from "./submit-batch.ts";
import { type SubmitOperationOptions, submitOperation } from "./submit-operation.ts";

export type OperationRoutesOptions = SubmitOperationOptions &
  ShowOperationOptions &
  SubmitBatchOptions &
  ListOperationsOptions &
  ListEventsOptions &
  RequestChangeOptions;

export function operationRoutes(router: Router, authorize: Authorize, options: OperationRoutesOptions): void {
  router.post("/v1/operations", authorize("operations:write", submitOperation(options)));
  router.post("/v1/operations/batch", authorize("operations:write", submitBatch(options)));
  router.get("/v1/operations", authorize("operations:read", listOperations(options)));
  router.get("/v1/operations/:id", authorize("operations:read", showOperation(options), { partners: true }));
  router.get("/v1/operations/:id/events", authorize("operations:read", listEvents(options), { partners: true }));
  router.post("/v1/operations/:id/cancel", authorize("operations:write", requestChange("cancel", options)));
  router.post("/v1/operations/:id/retry", authorize("operator", requestChange("retry", options)));
  router.post("/v1/operations/:id/skip", authorize("operator", requestChange("skip", options)));
}
