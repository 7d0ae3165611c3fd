import { endpointSchema, eventSchema, operationSchema } from "@postback/contracts";
import { openSecret } from "@postback/database";
import { newId } from "@postback/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

let ingest: RunningIngest;
let authorization: string;

beforeAll(async () => {
  ingest = await startIngest();
  const scopes = ["operations:write", "operations:read", "endpoints:write", "endpoints:read"];
  authorization = `Bearer ${await ingest.apiKey({ scopes })}`;
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(ingest.url + path, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === "" ? undefined : JSON.parse(text) };
}

const rename = (name: string, more: object = {}) => ({ type: "sku.rename", input: { sku: "sku-1", name }, ...more });

test("accepts a write: 202, where to follow it, and its status can be read at once", async () => {
  const accepted = await call("POST", "/v1/operations", rename("Mug"));
  const operation = operationSchema.parse(accepted.json);
  expect(accepted.status).toBe(202);
  expect(accepted.headers.get("location")).toBe(`/v1/operations/${operation.id}`);
  expect(accepted.headers.get("retry-after")).toBe("1");
  expect(operation).toMatchObject({
    status: "accepted",
    entity: { type: "sku", id: "sku-1" },
    steps: [{ name: "rename", status: "pending", attempts: 0 }],
  });
  const shown = await call("GET", `/v1/operations/${operation.id}`);
  expect([shown.status, shown.json]).toEqual([200, operation]);
});

test("the same request under the same Idempotency-Key gives the same operation, without a further command", async () => {
  const headers = { "idempotency-key": `k-${newId()}` };
  const first = await call("POST", "/v1/operations", rename("Mug"), headers);
  const written = await ingest.messagesWritten();
  const second = await call("POST", "/v1/operations", rename("Mug"), headers);
  expect(second.json).toEqual(first.json);
  expect(await ingest.messagesWritten()).toBe(written);
});

test("another request under the same Idempotency-Key, or the same id, is refused", async () => {
  const headers = { "idempotency-key": `k-${newId()}` };
  await call("POST", "/v1/operations", rename("Mug"), headers);
  expect((await call("POST", "/v1/operations", rename("Cup"), headers)).status).toBe(422);
  const id = newId();
  expect((await call("POST", "/v1/operations", rename("Mug", { id }))).json.id).toBe(id);
  expect((await call("POST", "/v1/operations", rename("Cup", { id }))).status).toBe(422);
});

test("twenty of the same request at the same instant all get the one operation", async () => {
  const headers = { "idempotency-key": `k-${newId()}` };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call("POST", "/v1/operations", rename("Mug"), headers)),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
  expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
});

test("accepts an event, and asks Postgres for nothing but the key", async () => {
  const before = await ingest.messagesWritten();
  const { status, json } = await call("POST", "/v1/events", { type: "invoice.sent", data: { n: 1 } });
  expect([status, eventSchema.parse(json).data]).toEqual([202, { n: 1 }]);
  expect(await ingest.messagesWritten()).toBe(before + 1);
  const { rows } = await ingest.db.pool.query("SELECT count(*)::int AS count FROM events");
  expect(rows).toEqual([{ count: 0 }]);
});

test("an endpoint is made with a secret that is shown once and kept sealed, changed, listed and taken away", async () => {
  const created = await call("POST", "/v1/endpoints", {
    url: "https://example.com/hooks",
    events: ["order.*"],
    headers: { "x-team": "shop" },
    rateLimit: { perSecond: 5 },
    retrySchedule: [5, 60],
  });
  const { secret, ...endpoint } = endpointSchema.parse(created.json);
  expect([created.status, created.headers.get("location")]).toEqual([201, `/v1/endpoints/${endpoint.id}`]);
  expect(await storedSecret(endpoint.id)).toBe(secret);
  expect((await call("GET", `/v1/endpoints/${endpoint.id}`)).json).toEqual(endpoint);
  const changed = await call("PATCH", `/v1/endpoints/${endpoint.id}`, {
    events: ["**"],
    rateLimit: null,
    headers: null,
  });
  const { rateLimit: _, headers: __, ...rest } = endpoint;
  expect(changed.json).toEqual({ ...rest, events: ["**"] });
  expect((await call("DELETE", `/v1/endpoints/${endpoint.id}`)).status).toBe(204);
  expect((await call("GET", `/v1/endpoints/${endpoint.id}`)).status).toBe(404);
});

test("an endpoint's order and its valve are kept, changed as a whole, and taken away", async () => {
  const both = { skipAfterAttempts: 3, skipAfterSeconds: 600 };
  const { json } = await call("POST", "/v1/endpoints", {
    url: "https://example.com/hooks",
    events: ["**"],
    ordering: "entity",
    orderingValve: both,
  });
  expect(json).toMatchObject({ ordering: "entity", orderingValve: both });
  const change = async (changes: object) => (await call("PATCH", `/v1/endpoints/${json.id}`, changes)).json;
  expect(await change({ orderingValve: { skipAfterSeconds: 60 } })).toMatchObject({
    ordering: "entity",
    orderingValve: { skipAfterSeconds: 60 },
  });
  const held = await change({ ordering: "endpoint", orderingValve: null });
  expect(held).toMatchObject({ ordering: "endpoint" });
  expect(held).not.toHaveProperty("orderingValve");
});

async function storedSecret(endpointId: string): Promise<string> {
  const { rows } = await ingest.db.pool.query("SELECT * FROM endpoint_secrets WHERE endpoint_id = $1", [endpointId]);
  const { key_id: keyId, nonce, ciphertext, version } = rows[0];
  return openSecret(ingest.keyring, { keyId, nonce, ciphertext }, { tenantId: ingest.tenantId, endpointId, version });
}

test("pages through endpoints without leaving one out or showing one twice", async () => {
  const made = await Promise.all(
    Array.from({ length: 5 }, () =>
      call("POST", "/v1/endpoints", { url: "https://example.com/hooks", events: ["a.b"] }),
    ),
  );
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query: string = cursor === undefined ? "" : `&cursor=${cursor}`;
    const { json } = await call("GET", `/v1/endpoints?limit=2${query}`);
    expect(json.data.length).toBeLessThanOrEqual(2);
    seen.push(...json.data.map(({ id }: { id: string }) => id));
    cursor = json.nextCursor;
  } while (cursor !== undefined);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(expect.arrayContaining(made.map(({ json }) => json.id)));
});

test("shows an endpoint's deliveries with their attempts, and each by its id", async () => {
  const { json: endpoint } = await call("POST", "/v1/endpoints", { url: "https://example.com/hooks", events: ["**"] });
  const attempt = { number: 1, at: "2026-11-24T09:30:00.000Z", durationMs: 12, outcome: "accepted", status: 200 };
  const insert = `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, attempts)
    VALUES ($1, $2, $3, 'order.placed', 0, 'delivered', $4)`;
  await ingest.db.pool.query(insert, [ingest.tenantId, newId(), endpoint.id, JSON.stringify([attempt])]);
  const page = await call("GET", `/v1/endpoints/${endpoint.id}/deliveries?status=delivered`);
  expect(page.json.data).toMatchObject([{ eventType: "order.placed", status: "delivered", attempts: [attempt] }]);
  const [delivery] = page.json.data;
  expect((await call("GET", `/v1/deliveries/${delivery.id}`)).json).toEqual(delivery);
});

test("is ready with Kafka, Postgres and the ranges; serves metrics, the types and its own description", async () => {
  expect((await call("GET", "/readyz")).json).toMatchObject({
    status: "ready",
    checks: { kafka: { ok: true }, postgres: { ok: true }, ranges: { ok: true } },
  });
  expect((await call("GET", "/livez")).status).toBe(200);
  const metrics = await (await fetch(`${ingest.url}/metrics`)).text();
  expect(metrics).toMatch(
    /postback_http_request_duration_seconds_count\{app="ingest",method="POST",route="\/v1\/operations",status="202"/,
  );
  const types = await call("GET", "/v1/operation-types");
  expect(types.json.data).toMatchObject([{ type: "sku.rename", inputSchema: { required: ["sku", "name"] } }]);
  expect((await call("GET", "/v1/event-types")).json.data.map(({ type }: { type: string }) => type)).toContain(
    "sku.renamed",
  );
  expect((await call("GET", "/openapi.json")).json.openapi).toBe("3.1.0");
  expect((await fetch(`${ingest.url}/openapi.json`, { method: "HEAD" })).status).toBe(200);
});
