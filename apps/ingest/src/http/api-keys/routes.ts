import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangeApiKeysOptions, createApiKey, revokeApiKey, updateApiKey } from "./change-api-keys.ts";
import { listApiKeys, showApiKey } from "./read-api-keys.ts";

export function apiKeyRoutes(router: Router, authorize: Authorize, options: ChangeApiKeysOptions): void {
  router.post("/v1/api-keys", authorize("operator", createApiKey(options)));
  router.get("/v1/api-keys", authorize("operator", listApiKeys(options)));
  router.get("/v1/api-keys/:id", authorize("operator", showApiKey(options)));
  router.patch("/v1/api-keys/:id", authorize("operator", updateApiKey(options)));
  router.delete("/v1/api-keys/:id", authorize("operator", revokeApiKey(options)));
}
