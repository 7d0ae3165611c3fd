import type { ApiKey, Delivery, Endpoint, Partner, Tenant } from "@postback/contracts";
import { deliveryId, LIVE, newId } from "@postback/domain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

/**
 * Every call of the OpenAPI document, with the ids of somebody else and with what can't be an id, by a key that may do
 * all of its own: it gets 404, never 403, and never anything in which the other's data is.
 */

let ingest: RunningIngest;

/** In every text of the other's data that a client can choose. */
const marker = "zebra-of-somebody-else";
const scopes = ["operations:write", "operations:read", "endpoints:write", "endpoints:read"];

interface Call {
  method: string;
  path: string;
  example: unknown;
}

let calls: Call[];

async function ask(key: string, method: string, path: string, body?: unknown, accept = "application/json") {
  const answer = await fetch(ingest.url + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: answer.status, text: await answer.text() };
}

async function made<T>(key: string, path: string, body: unknown): Promise<T> {
  const { status, text } = await ask(key, "POST", path, body);
  expect([path, [201, 202].includes(status), text]).toEqual([path, true, text]);
  return JSON.parse(text) as T;
}

/** What somebody has: a thing of each kind, by the parameter that names it in a path. */
type Things = Readonly<Record<string, readonly string[]>>;

/** One of each, with the marker wherever it can be put. */
async function fill(operator: string, by: string, partnerId?: string): Promise<Things> {
  const endpoint = { url: `https://example.com/${marker}`, events: ["**"], description: marker };
  const { id: endpointId } = await made<Endpoint>(by, "/v1/endpoints", endpoint);
  const write = { type: "sku.rename", input: { sku: marker.slice(0, 20), name: "zebra-of-somebody" } };
  const { id: operationId } = await made<{ id: string }>(by, "/v1/operations", write);
  const { id: keyId } = await made<ApiKey>(operator, "/v1/api-keys", { name: marker, scopes: ["endpoints:read"] });
  const partner = partnerId ?? (await made<Partner>(operator, "/v1/partners", { name: marker })).id;
  const eventId = newId();
  const { rows } = await ingest.db.pool.query<{ tenant_id: string }>("SELECT tenant_id FROM endpoints WHERE id = $1", [
    endpointId,
  ]);
  const tenantId = rows[0]?.tenant_id ?? "";
  await ingest.db.pool.query(
    `INSERT INTO events (tenant_id, id, type, partition, operation_id, body, accepted_at)
     VALUES ($1, $2, 'zebra.happened', 0, $3, $4, now())`,
    [tenantId, eventId, operationId, JSON.stringify({ type: "zebra.happened", data: { marker } })],
  );
  await ingest.db.pool.query(
    `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, attempts)
     VALUES ($1, $2, $3, 'zebra.happened', 0, 'delivered', $4)`,
    [tenantId, eventId, endpointId, JSON.stringify([{ at: "", durationMs: 1, outcome: "accepted", response: marker }])],
  );
  await ingest.db.pool.query(
    `INSERT INTO dead_letters (topic, partition, "offset", tenant_id, reason, detail, body)
     VALUES ($1, 0, 7, $2, 'too-old', $3::text, convert_to($3::text, 'UTF8'))`,
    [`topic-${eventId}`, tenantId, marker],
  );
  const delivery: Delivery["id"] = deliveryId({ eventId, endpointId, replayId: LIVE });
  return { id: [endpointId, operationId, keyId, partner, delivery, tenantId, eventId], tenantId: [tenantId] };
}

const malformed = ["0", "%00", "..%2f", "'", newId().toUpperCase(), "dlv_AAAA", "dlt_AAAA", "x".repeat(300)];
const notOfRecords = new Set(["/openapi.json", "/v1/tenants/{tenantId}/jwks.json"]);

beforeAll(async () => {
  ingest = await startIngest({ isWalled: true });
  const document = JSON.parse((await ask("", "GET", "/openapi.json")).text) as {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, { example: unknown }> } }>>;
  };
  calls = Object.entries(document.paths)
    .filter(([path]) => !notOfRecords.has(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        example: requestBody?.content["application/json"]?.example,
      })),
    );
  expect(calls.length).toBeGreaterThan(30);
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

/** The path with each of these in place of its parameters. */
function pathsOf(path: string, things: Things, further: readonly string[]): string[] {
  if (!path.includes("{")) return [path];
  const ids = [...(things["id"] ?? []), ...further];
  return ids.map((id) => path.replaceAll(/\{\w+\}/g, id));
}

/** Asks all with somebody's key for another's things; gives each answer that isn't as it must be. */
async function leaksTo(key: string, others: Things, isClosed: (status: number) => boolean): Promise<string[]> {
  const wrong: string[] = [];
  for (const { method, path, example } of calls) {
    for (const one of pathsOf(path, others, malformed)) {
      const { status, text } = await ask(key, method, one, example);
      const hasId = path.includes("{");
      const isRight = status < 500 || status === 503;
      if (!isRight || (hasId && !isClosed(status)) || text.includes(marker))
        wrong.push(`${method} ${one} ${status} ${text}`);
    }
  }
  return wrong;
}

/** Young ids are never a false 404: 503 says the same of what there isn't. A body or a query that is wrong may come first. */
const closedStatuses = [400, 404, 405, 409, 422, 503];

describe("another's data", () => {
  test("is not there for a key with all scopes of another tenant", async () => {
    const platform = await ingest.apiKey({ scopes: ["platform"] });
    const { apiKey: theirs } = await made<Tenant & { apiKey: string }>(platform, "/v1/tenants", { name: "theirs" });
    const { apiKey: mine } = await made<Tenant & { apiKey: string }>(platform, "/v1/tenants", { name: "mine" });
    const things = await fill(theirs, theirs);
    const isClosed = (status: number) => closedStatuses.includes(status) || status === 403;
    expect(await leaksTo(mine, things, isClosed)).toEqual([]);
    // 403 is for what is the platform's alone, whoever asks and whatever for.
    for (const { method, path, example } of calls.filter(({ path }) => !path.startsWith("/v1/tenants"))) {
      for (const one of pathsOf(path, things, [])) {
        expect([method, one, (await ask(mine, method, one, example)).status]).not.toEqual([method, one, 403]);
      }
    }
    for (const id of things["id"] ?? []) {
      const { status } = await ask(mine, "GET", `/v1/operations/${id}/events`, undefined, "text/event-stream");
      expect([id, closedStatuses.includes(status)]).toEqual([id, true]);
    }
    // And it is all still there.
    const [endpoint = ""] = things["id"] ?? [];
    const { status, text } = await ask(theirs, "GET", `/v1/endpoints/${endpoint}`);
    expect([status, text.includes(marker)]).toEqual([200, true]);
  });

  test("of a tenant is not there for the platform", async () => {
    const platform = await ingest.apiKey({ scopes: ["platform"] });
    const { apiKey: theirs } = await made<Tenant & { apiKey: string }>(platform, "/v1/tenants", { name: "theirs" });
    const things = await fill(theirs, theirs);
    for (const { method, path } of calls.filter(
      (call) => call.method === "GET" && !call.path.startsWith("/v1/tenants"),
    )) {
      for (const one of pathsOf(path, things, [])) {
        const { text } = await ask(platform, method, one);
        expect([one, text.includes(marker)]).toEqual([one, false]);
      }
    }
  });

  test("of a partner is not there for another of the same tenant, however large its grant", async () => {
    const operator = await ingest.apiKey({ scopes: [...scopes, "operator"] });
    const partnerKey = async () => {
      const { id } = await made<Partner>(operator, "/v1/partners", { name: "p", grant: { events: ["**"] } });
      const { key = "" } = await made<ApiKey>(operator, "/v1/api-keys", { name: "k", scopes, partner: id });
      return { id, key };
    };
    const [theirs, mine] = [await partnerKey(), await partnerKey()];
    const things = await fill(operator, theirs.key, theirs.id);
    const isClosed = (status: number) => closedStatuses.includes(status) || status === 403;
    expect(await leaksTo(mine.key, things, isClosed)).toEqual([]);
    const [endpoint = ""] = things["id"] ?? [];
    expect((await ask(theirs.key, "GET", `/v1/endpoints/${endpoint}`)).text).toContain(marker);
  });
});
