import type { Router } from "@koa/router";
import { type KeySet, limits } from "@postback/contracts";
import type { PublicKeyRow } from "@postback/database";
import { z } from "zod";
import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { keyIdOf } from "../endpoints/make-secret.ts";
import { readQuery } from "../page.ts";

export interface KeySetRoutesOptions {
  store: Pick<IngestStore, "listPublicKeys">;
}

/** Below every overlap that makes sense: a receiver that keeps the document this long has the new key in time. */
const maxAgeSeconds = 60;

/**
 * A tenant's public keys as a JWK set (RFC 7517), without an API key: who verifies webhooks has none. An unknown tenant has
 * an empty set, so that nobody learns which there are.
 */
export function keySetRoutes(router: Router, { store }: KeySetRoutesOptions): void {
  router.get("/v1/tenants/:tenantId/jwks.json", async (ctx) => {
    const { endpoint: endpointId } = readQuery(ctx.querystring, { endpoint: z.uuid().toLowerCase().optional() });
    const tenantId = idParam(ctx, "tenantId");
    if (tenantId === undefined) throw notFound("tenant");
    const rows = await store.listPublicKeys(tenantId, { endpointId, limit: limits.keySetMax });
    ctx.res.setHeader("cache-control", `public, max-age=${maxAgeSeconds}`);
    sendJson(ctx, 200, JSON.stringify({ keys: rows.map(presentKey) } satisfies KeySet));
  });
}

/** RFC 8037 §2. */
const presentKey = (row: PublicKeyRow): KeySet["keys"][number] => ({
  kty: "OKP",
  crv: "Ed25519",
  x: row.publicKey.toString("base64url"),
  kid: keyIdOf(row),
  use: "sig",
  alg: "EdDSA",
});
