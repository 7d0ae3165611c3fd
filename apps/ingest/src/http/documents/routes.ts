import type { Router } from "@koa/router";
import type { Catalog } from "@postback/operations";
import type { Context } from "koa";
import { sendJson } from "../context.ts";
import { asyncapiDocument } from "./asyncapi.ts";
import { asyncapiPage } from "./asyncapi-page.ts";
import { assetNames, loadAsset } from "./docs-assets.ts";
import { docsPage } from "./docs-page.ts";
import { flowsPage } from "./flows-page.ts";
import { openapiDocument } from "./openapi.ts";
import { flowsOf } from "./operation-flow.ts";

export interface DocumentRoutesOptions {
  version: string;
  topicPrefix: string;
  catalog: Catalog;
}

/** All is loaded from here, nothing runs in line, and the page can't be framed. The renderer's icons are `data:` images. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Made at start, so that a contract that can't be written down fails there, and open to everybody: it is no secret. */
export function documentRoutes(router: Router, { version, topicPrefix, catalog }: DocumentRoutesOptions): void {
  const openapi = JSON.stringify(openapiDocument(version));
  const asyncapi = asyncapiDocument({ version, prefix: topicPrefix, catalog });
  const asyncapiText = JSON.stringify(asyncapi);
  router.get("/openapi.json", async (ctx) => sendJson(ctx, 200, openapi));
  router.get("/asyncapi.json", async (ctx) => sendJson(ctx, 200, asyncapiText));
  const pages = {
    "/docs": httpPage,
    "/docs/kafka": asyncapiPage(asyncapi),
    "/docs/flows": flowsPage(flowsOf(catalog.operations)),
  };
  for (const [path, html] of Object.entries(pages)) router.get(path, async (ctx) => sendPage(ctx, html));
  for (const name of assetNames) router.get(`/docs/${name}`, (ctx) => sendAsset(ctx, name));
}

const httpPage = docsPage({
  page: "http",
  head: '<link rel="stylesheet" href="/docs/swagger-ui.css"><script defer src="/docs/swagger-ui-bundle.js"></script><script defer src="/docs/open-swagger.js"></script>',
  main: '<div id="swagger-ui"></div><noscript><p>This page needs JavaScript; <a href="/openapi.json">openapi.json</a> says the same.</p></noscript>',
});

function sendPage(ctx: Context, html: string): void {
  ctx.set({
    "content-security-policy": policy,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  });
  ctx.type = "html";
  ctx.body = html;
}

async function sendAsset(ctx: Context, name: string): Promise<void> {
  const { type, etag, plain, gzipped } = await loadAsset(name);
  ctx.set({ etag, "cache-control": "no-cache", "x-content-type-options": "nosniff", vary: "accept-encoding" });
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  const compressed = ctx.acceptsEncodings("gzip", "identity") === "gzip";
  if (compressed) ctx.set("content-encoding", "gzip");
  ctx.type = type;
  ctx.body = compressed ? gzipped : plain;
}
