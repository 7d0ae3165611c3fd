import { newId } from "@postback/domain";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

let ingest: RunningIngest;
let known: string;
let unknown: string;

interface Answer {
  id?: string;
  type?: string;
}

const scopes = ["operations:write", "operations:read", "endpoints:read"];

beforeAll(async () => {
  ingest = await startIngest();
  known = await ingest.apiKey({ scopes });
  unknown = await ingest.apiKey({ scopes });
  // From here on the key is in memory.
  expect((await call("GET", "/v1/endpoints")).status).toBe(200);
});
beforeEach(() => ingest.postgres.cut());
afterEach(() => ingest.postgres.mend());
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: object, key = known, headers: Record<string, string> = {}) {
  const response = await fetch(ingest.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer };
}

const rename = { type: "sku.rename", input: { sku: "sku-1", name: "Mug" } };

test("writes and events are accepted, with a key that was seen before, and are in Kafka", async () => {
  const before = await ingest.messagesWritten();
  const operation = await call("POST", "/v1/operations", rename);
  const keyed = await call("POST", "/v1/operations", rename, known, { "idempotency-key": newId() });
  const event = await call("POST", "/v1/events", { type: "invoice.sent", data: {} });
  expect([operation.status, keyed.status, event.status]).toEqual([202, 202, 202]);
  expect(operation.json).toMatchObject({ status: "accepted", steps: [{ name: "rename", status: "pending" }] });
  expect(await ingest.messagesWritten()).toBe(before + 3);
});

test("what only Postgres knows gets 503 and Retry-After, never a false 404 or 401", async () => {
  const operation = await call("GET", `/v1/operations/${newId()}`);
  const list = await call("GET", "/v1/endpoints");
  const stranger = await call("POST", "/v1/events", { type: "invoice.sent", data: {} }, unknown);
  for (const { status, headers, json } of [operation, list, stranger]) {
    expect([status, headers.get("retry-after"), json.type]).toEqual([
      503,
      "1",
      "https://postback.dev/problems/unavailable",
    ]);
  }
});

test("it stays ready, and says that Postgres is away", async () => {
  await expect
    .poll(() => call("GET", "/readyz"), { timeout: 10_000 })
    .toMatchObject({ status: 200, json: { status: "ready", checks: { postgres: { ok: false, required: false } } } });
});

test("when Postgres is back, all works again by itself", async () => {
  await ingest.postgres.mend();
  await expect.poll(() => call("GET", "/v1/endpoints"), { timeout: 10_000 }).toMatchObject({ status: 200 });
  const { json } = await call("POST", "/v1/operations", rename);
  expect((await call("GET", `/v1/operations/${json.id}`)).status).toBe(200);
  await ingest.postgres.cut();
});
