import { request } from "node:http";
import { problemSchema, problemType } from "@postback/contracts";
import { newId, uuidV7At } from "@postback/domain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

let ingest: RunningIngest;
let key: string;
let written: number;

beforeAll(async () => {
  ingest = await startIngest();
  key = await ingest.apiKey({ scopes: ["operations:write", "operations:read", "endpoints:write", "endpoints:read"] });
  written = await ingest.messagesWritten();
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

interface Given {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  authorization?: string;
}

async function send(path: string, { method = "POST", headers = {}, body, authorization }: Given) {
  const response = await fetch(ingest.url + path, {
    method,
    headers: { "content-type": "application/json", authorization: authorization ?? `Bearer ${key}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return { response, problem };
}

const write = (changes: object = {}) =>
  JSON.stringify({ type: "sku.rename", input: { sku: "sku-1", name: "Mug" }, ...changes });
const event = (changes: object = {}) => JSON.stringify({ type: "invoice.sent", data: { n: 1 }, ...changes });
const tooLarge = JSON.stringify({ type: "sku.rename", input: { sku: "x".repeat(256 * 1024) } });

test.each([
  ["an unknown operation type", write({ type: "sku.paint" }), 422, "unknown-operation-type"],
  ["a body that is not JSON", '{"type": ', 400, "malformed-json"],
  ["an empty body", "", 400, "malformed-json"],
  ["a body that is not UTF-8", new Uint8Array([0x22, 0xc3, 0x28, 0x22]), 400, "invalid-encoding"],
  ["a body over 256 KiB", tooLarge, 413, "body-too-large"],
  ["U+0000 in a string", write({ input: { sku: "a\u0000", name: "" } }), 422, "invalid-input"],
  ["a number that would change", '{"type":"sku.rename","input":12345678901234567890}', 422, "invalid-input"],
  ["an entity that is not the input's", write({ entity: { type: "sku", id: "sku-2" } }), 422, "entity-mismatch"],
  ["an id that is no UUIDv7", write({ id: "0b8f5f4e-6b7e-4d0e-9a43-5a3c0d3b7f11" }), 422, "invalid-id"],
  ["an id of last week", write({ id: uuidV7At(Date.now() - 7 * 86_400_000) }), 422, "invalid-id"],
  ["a body that is an array", "[]", 422, "invalid-input"],
])("refuses an operation with %s", async (_what, body, status, name) => {
  const { problem } = await send("/v1/operations", { body });
  expect(problem).toMatchObject({ status, type: problemType(name as "invalid-id") });
});

test("names each field that breaks a rule by its JSON pointer", async () => {
  const { problem } = await send("/v1/operations", { body: write({ input: { name: "x".repeat(21), colour: 1 } }) });
  expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual(["/input/colour", "/input/name", "/input/sku"]);
});

test("names the operation types that exist", async () => {
  const { problem } = await send("/v1/operations", { body: write({ type: "sku.paint" }) });
  expect(problem.detail).toContain("sku.rename");
});

test.each([
  ["an event type that is none", event({ type: "Invoice Sent" }), "/type"],
  ["an unknown field", event({ dta: 1 }), "/dta"],
  ["no data", JSON.stringify({ type: "invoice.sent" }), "/data"],
  ["an entity without an id", event({ entity: { type: "sku" } }), "/entity/id"],
])("refuses an event with %s", async (_what, body, pointer) => {
  const { problem } = await send("/v1/events", { body });
  expect(problem).toMatchObject({ status: 422, errors: [{ pointer }] });
});

test.each(["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonp"])(
  "refuses the content type %s",
  async (type) => {
    const { problem } = await send("/v1/events", { body: event(), headers: { "content-type": type } });
    expect(problem.status).toBe(415);
  },
);

test("refuses a compressed body", async () => {
  const { problem } = await send("/v1/events", { body: event(), headers: { "content-encoding": "gzip" } });
  expect(problem.status).toBe(415);
});

test("refuses a body over 256 KiB that didn't announce its length", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const sending = request(`${ingest.url}/v1/events`, { method: "POST", headers }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  sending.on("error", reject);
  for (let sent = 0; sent < 5; sent += 1) sending.write("x".repeat(64 * 1024));
  sending.end();
  expect(await promise).toBe(413);
});

test.each(["", "x".repeat(256)])("refuses an Idempotency-Key of the wrong length", async (value) => {
  const { problem } = await send("/v1/operations", { body: write(), headers: { "idempotency-key": value } });
  expect(problem.status).toBe(422);
});

describe("a key", () => {
  const operations = (authorization: string) => send("/v1/operations", { body: write(), authorization });

  test("is needed", async () => {
    for (const authorization of ["", "Basic dXNlcjpwYXNz", "Bearer pb_test_short"]) {
      const { response } = await operations(authorization);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="postback"']);
    }
  });

  test("with another secret, or with an id that doesn't exist, is refused", async () => {
    const otherSecret = key.slice(0, -4) + (key.endsWith("AAAA") ? "BBBB" : "AAAA");
    expect((await operations(`Bearer ${otherSecret}`)).problem.status).toBe(401);
    const unknown = `pb_test_000000000000_${"A".repeat(43)}`;
    expect((await operations(`Bearer ${unknown}`)).problem.status).toBe(401);
  });

  test("without the scope is forbidden", async () => {
    const reader = await ingest.apiKey({ scopes: ["operations:read"] });
    expect((await operations(`Bearer ${reader}`)).problem).toMatchObject({
      status: 403,
      type: problemType("forbidden"),
    });
  });

  test("that was revoked is refused within a second", async () => {
    const revoked = await ingest.apiKey({ scopes: ["operations:read"] });
    const show = () => send(`/v1/operations/${newId()}`, { method: "GET", authorization: `Bearer ${revoked}` });
    expect((await show()).problem.status).toBe(503);
    const revokedAtMs = performance.now();
    await ingest.db.pool.query("UPDATE api_keys SET revoked_at = now() WHERE key_id = $1", [revoked.split("_")[2]]);
    await expect.poll(async () => (await show()).problem.status, { interval: 50, timeout: 5000 }).toBe(401);
    expect(performance.now() - revokedAtMs).toBeLessThan(1500);
  });
});

describe("an endpoint", () => {
  const create = (changes: object) =>
    send("/v1/endpoints", { body: JSON.stringify({ url: "https://example.com/hooks", events: ["**"], ...changes }) });

  test.each([
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://db.internal/",
  ])("can't be at %s", async (url) => {
    expect((await create({ url })).problem).toMatchObject({ status: 422, type: problemType("forbidden-address") });
  });

  test.each(["http://example.com/", "ftp://example.com/", "https://user:password@example.com/", "example.com"])(
    "can't have the URL %s",
    async (url) => {
      expect((await create({ url })).problem).toMatchObject({ status: 422, errors: [{ pointer: "/url" }] });
    },
  );

  test.each([
    [{ headers: { Host: "example.org" } }, "/headers/Host"],
    [{ headers: { "x-a": "1\r\nx-b: 2" } }, "/headers/x-a"],
    [{ events: [] }, "/events"],
    [{ events: ["Order.*"] }, "/events/0"],
    [{ ordering: "random" }, "/ordering"],
    [{ orderingValve: {} }, "/orderingValve"],
    [{ orderingValve: { skipAfterAttempts: 0 } }, "/orderingValve/skipAfterAttempts"],
    [{ secret: "whsec_mine" }, "/secret"],
    [{ timeoutMs: 31_000 }, "/timeoutMs"],
  ])("can't have %j", async (changes, pointer) => {
    expect((await create(changes)).problem).toMatchObject({ status: 422, errors: [{ pointer }] });
  });
});

test.each([
  ["GET", "/v1/nothing", 404],
  ["GET", "/v1/operations/not-an-id", 404],
  ["GET", `/v1/operations/${uuidV7At(Date.now() - 120_000)}`, 404],
  ["GET", `/v1/endpoints/${newId()}`, 404],
  ["GET", `/v1/endpoints/${newId()}/deliveries`, 404],
  ["GET", "/v1/deliveries/dlv_x", 404],
  ["DELETE", `/v1/endpoints/${newId()}`, 404],
  ["GET", "/v1/endpoints?cursor=x", 400],
  ["GET", "/v1/endpoints?limit=0", 400],
  ["GET", "/v1/endpoints?limit=1&limit=2", 400],
  ["GET", "/v1/endpoints?colour=red", 400],
])("answers %s %s with %i", async (method, path, status) => {
  expect((await send(path, { method })).problem.status).toBe(status);
});

test("answers a method that a path doesn't have with 405 and those that it has", async () => {
  const { response } = await send("/v1/operations", { method: "DELETE" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, HEAD, GET"]);
});

test("what is another tenant's doesn't exist", async () => {
  const authorization = `Bearer ${await ingest.apiKey({ scopes: ["endpoints:read"], tenantId: newId() })}`;
  const body = JSON.stringify({ url: "https://example.com/hooks", events: ["**"] });
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const made = (await (await fetch(`${ingest.url}/v1/endpoints`, { method: "POST", headers, body })).json()) as {
    id: string;
  };
  const { problem } = await send(`/v1/endpoints/${made.id}`, { method: "GET", authorization });
  expect(problem.status).toBe(404);
});

test("none of what was refused was written to Kafka", async () => {
  expect(await ingest.messagesWritten()).toBe(written);
});
