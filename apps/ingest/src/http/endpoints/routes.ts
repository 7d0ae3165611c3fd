import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangeEndpointsOptions, createEndpoint, deleteEndpoint, updateEndpoint } from "./change-endpoints.ts";
import { listEndpoints, type ReadEndpointsOptions, showEndpoint } from "./read-endpoints.ts";
import { type TestEndpointOptions, testEndpoint } from "./test-endpoint.ts";

export type EndpointRoutesOptions = ChangeEndpointsOptions & ReadEndpointsOptions & TestEndpointOptions;

export function endpointRoutes(router: Router, authorize: Authorize, options: EndpointRoutesOptions): void {
  router.post("/v1/endpoints", authorize("endpoints:write", createEndpoint(options)));
  router.get("/v1/endpoints", authorize("endpoints:read", listEndpoints(options)));
  router.get("/v1/endpoints/:id", authorize("endpoints:read", showEndpoint(options)));
  router.patch("/v1/endpoints/:id", authorize("endpoints:write", updateEndpoint(options)));
  router.delete("/v1/endpoints/:id", authorize("endpoints:write", deleteEndpoint(options)));
  router.post("/v1/endpoints/:id/test", authorize("endpoints:write", testEndpoint(options)));
}
