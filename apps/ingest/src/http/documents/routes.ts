import type { Router } from "@koa/router";
import { sendJson } from "../context.ts";
import { openapiDocument } from "./openapi.ts";

/** Made at start, so that a contract that can't be written down fails there, and open to everybody: it is no secret. */
export function documentRoutes(router: Router, version: string): void {
  const openapi = JSON.stringify(openapiDocument(version));
  router.get("/openapi.json", async (ctx) => sendJson(ctx, 200, openapi));
}
