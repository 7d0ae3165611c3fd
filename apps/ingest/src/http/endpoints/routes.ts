import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangeEndpointsOptions, createEndpoint, deleteEndpoint, updateEndpoint } from "./change-endpoints.ts";
import { type EndpointSecretsOptions, rotateSecret, showSecret } from "./endpoint-secrets.ts";
import { listEndpoints, type ReadEndpointsOptions, showEndpoint } from "./read-endpoints.ts";
import { type FreshnessOptions, showFreshness } from "./show-freshness.ts";
import { type TestEndpointOptions, testEndpoint } from "./test-endpoint.ts";

export type EndpointRoutesOptions = ChangeEndpointsOptions &
  ReadEndpointsOptions &
  EndpointSecretsOptions &
  FreshnessOptions &
  TestEndpointOptions;

export function endpointRoutes(router: Router, authorize: Authorize, options: EndpointRoutesOptions): void {
  router.post("/v1/endpoints", authorize("endpoints:write", createEndpoint(options), { partners: true }));
  router.get("/v1/endpoints", authorize("endpoints:read", listEndpoints(options), { partners: true }));
  router.get("/v1/endpoints/:id", authorize("endpoints:read", showEndpoint(options), { partners: true }));
  router.patch("/v1/endpoints/:id", authorize("endpoints:write", updateEndpoint(options), { partners: true }));
  router.delete("/v1/endpoints/:id", authorize("endpoints:write", deleteEndpoint(options), { partners: true }));
  router.get("/v1/endpoints/:id/freshness", authorize("endpoints:read", showFreshness(options), { partners: true }));
  router.post("/v1/endpoints/:id/test", authorize("endpoints:write", testEndpoint(options), { partners: true }));
  // Who can see a shared secret can sign with it: that is more than to read.
  router.get("/v1/endpoints/:id/secret", authorize("endpoints:write", showSecret(options), { partners: true }));
  router.post(
    "/v1/endpoints/:id/secret/rotate",
    authorize("endpoints:write", rotateSecret(options), { partners: true }),
  );
}
