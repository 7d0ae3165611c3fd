import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangeEndpointsOptions, createEndpoint, deleteEndpoint, updateEndpoint } from "./change-endpoints.ts";
import { listEndpoints, type ReadEndpointsOptions, showEndpoint } from "./read-endpoints.ts";

export type EndpointRoutesOptions = ChangeEndpointsOptions & ReadEndpointsOptions;

export function endpointRoutes(router: Router, authorize: Authorize, options: EndpointRoutesOptions): void {
  router.post("/v1/endpoints", authorize("endpoints:write", createEndpoint(options), { partners: true }));
  router.get("/v1/endpoints", authorize("endpoints:read", listEndpoints(options), { partners: true }));
  router.get("/v1/endpoints/:id", authorize("endpoints:read", showEndpoint(options), { partners: true }));
  router.patch("/v1/endpoints/:id", authorize("endpoints:write", updateEndpoint(options), { partners: true }));
  router.delete("/v1/endpoints/:id", authorize("endpoints:write", deleteEndpoint(options), { partners: true }));
}
