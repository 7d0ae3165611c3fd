import { Router } from "@koa/router";
import { joinCatalogs } from "@postback/operations";
import { expect, test } from "vitest";
import type { KnownKeys } from "../../auth/known-keys.ts";
import { apiKeyRoutes } from "../api-keys/routes.ts";
import { deadLetterRoutes } from "../dead-letters/routes.ts";
import { deliveryRoutes } from "../deliveries/routes.ts";
import { endpointRoutes } from "../endpoints/routes.ts";
import { entityRoutes } from "../entities/routes.ts";
import { eventRoutes } from "../events/routes.ts";
import { keySetRoutes } from "../key-sets/routes.ts";
import { lagRoutes } from "../lag/routes.ts";
import { authorizeWith } from "../middleware/authorize.ts";
import { operationIdRoutes } from "../operation-ids/routes.ts";
import { operationRoutes } from "../operations/routes.ts";
import { partnerRoutes } from "../partners/routes.ts";
import { replayRoutes } from "../replays/routes.ts";
import { streamRoutes } from "../stream/routes.ts";
import { tenantRoutes } from "../tenants/routes.ts";
import { typeRoutes } from "../types/routes.ts";
import { openapiDocument } from "./openapi.ts";
import { calls } from "./paths.ts";

/** Every `$ref` in the document. */
function refsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === "$ref" ? [each as string] : refsIn(each)));
}

function resolve(document: unknown, ref: string): unknown {
  const path = ref.replace(/^#\//, "").split("/");
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
}

test("every reference leads somewhere", () => {
  const document = openapiDocument("1.0.0");
  const refs = new Set(refsIn(document));
  expect(refs.size).toBeGreaterThan(10);
  expect([...refs].filter((ref) => resolve(document, ref) === undefined)).toEqual([]);
});

test("describes exactly the calls that are routed", () => {
  const router = new Router();
  const unused = {} as never;
  const authorize = authorizeWith(unused as KnownKeys);
  operationRoutes(router, authorize, unused);
  operationIdRoutes(router, authorize);
  entityRoutes(router, authorize, unused);
  eventRoutes(router, authorize, unused);
  streamRoutes(router, authorize);
  endpointRoutes(router, authorize, unused);
  keySetRoutes(router, unused);
  deliveryRoutes(router, authorize, unused);
  replayRoutes(router, authorize, unused);
  deadLetterRoutes(router, authorize, unused);
  lagRoutes(router, authorize, unused);
  apiKeyRoutes(router, authorize, unused);
  partnerRoutes(router, authorize, unused);
  tenantRoutes(router, authorize, unused);
  typeRoutes(router, authorize, { catalog: joinCatalogs([]), store: unused });
  const routed = router.stack.flatMap(({ methods, path }) =>
    methods
      .filter((method) => method !== "HEAD")
      .map((method) => `${method} ${String(path).replaceAll(/:(\w+)/g, "{$1}")}`),
  );
  const described = Object.entries(calls).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(routed.sort());
});

test("keeps answers open for more fields, and requests closed", () => {
  const { components } = openapiDocument("1.0.0") as { components: { schemas: Record<string, object> } };
  expect(components.schemas["Operation"]).not.toHaveProperty("additionalProperties");
  expect(components.schemas["SubmitOperation"]).toHaveProperty("additionalProperties", false);
});
