import { problemType } from "@postback/contracts";
import { createEndpoint, sealSecret } from "@postback/database";
import { generateSecret, newId } from "@postback/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

let ingest: RunningIngest;
let key: string;
let endpointId: string;
const since = new Date(Date.now() - 3_600_000).toISOString();

beforeAll(async () => {
  ingest = await startIngest();
  key = await ingest.apiKey({ scopes: ["endpoints:write", "endpoints:read"] });
  endpointId = await newEndpoint();
});
afterAll(() => ingest[Symbol.asyncDispose]());

async function newEndpoint(): Promise<string> {
  const { tenantId, db, keyring } = ingest;
  const id = newId();
  const sealed = sealSecret(keyring, generateSecret(), { tenantId, endpointId: id, version: 1 });
  const secret = { ...sealed, algorithm: "v1" } as const;
  await createEndpoint(db, tenantId, { id, url: "https://example.com/hook", events: ["order.*"], secret });
  return id;
}

async function ask(method: string, path: string, body?: object, as = key) {
  const response = await fetch(`${ingest.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const replays = (id = endpointId) => `/endpoints/${id}/replays`;

test.each([
  ["a time to come", { since: new Date(Date.now() + 60_000).toISOString() }, "/since"],
  ["an end before its beginning", { since, until: new Date(0).toISOString() }, "/since"],
  ["no beginning", {}, "/since"],
  ["a status that is none", { since, statuses: ["lost"] }, "/statuses/0"],
  ["a pattern that is none", { since, events: ["order."] }, "/events/0"],
  ["no rate at all", { since, rateLimit: { perSecond: 0 } }, "/rateLimit/perSecond"],
  ["a field that there isn't", { since, filter: {} }, "/filter"],
])("refuses a replay with %s", async (_, body, pointer) => {
  const answer = await ask("POST", replays(), body);
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
});

test("counts nothing where nothing is, says what it covers, and makes none in a dry run", async () => {
  const answer = await ask("POST", replays(), { since: "2020-01-01T00:00:00Z", dryRun: true });
  expect(answer).toMatchObject({ status: 200, body: { count: 0, countIsExact: true, isBeyondRetention: true } });
  expect((await ask("GET", replays())).body).toEqual({ data: [] });
});

test("has one replay at a time for an endpoint, and none of one that is disabled", async () => {
  const id = await newEndpoint();
  const made = await ask("POST", replays(id), { since });
  expect(made).toMatchObject({ status: 201, body: { status: "running", done: 0, total: 0 } });
  const second = await ask("POST", replays(id), { since });
  expect(second).toMatchObject({ status: 409, body: { type: problemType("replay-unfinished") } });
  await ask("PATCH", `/endpoints/${id}`, { enabled: false });
  const disabled = await newEndpoint();
  await ask("PATCH", `/endpoints/${disabled}`, { enabled: false });
  const refused = await ask("POST", replays(disabled), { since });
  expect(refused).toMatchObject({ status: 409, body: { type: problemType("endpoint-disabled") } });
});

test("pausing, resuming and cancelling twice is doing it once; what is cancelled stays so", async () => {
  const id = await newEndpoint();
  const { body } = await ask("POST", replays(id), { since });
  const one = `${replays(id)}/${String(body["id"])}`;
  for (const [method, path, status] of [
    ["POST", `${one}/pause`, "paused"],
    ["POST", `${one}/resume`, "running"],
    ["DELETE", one, "cancelled"],
  ] as const) {
    for (const _ of [1, 2]) expect(await ask(method, path)).toMatchObject({ status: 200, body: { status } });
  }
  const ended = await ask("POST", `${one}/pause`);
  expect(ended).toMatchObject({ status: 409, body: { type: problemType("replay-ended") } });
  expect((await ask("GET", replays(id))).body["data"]).toMatchObject([{ id: body["id"], status: "cancelled" }]);
});

test("is nothing that another tenant, or a key without the scope, can see or do", async () => {
  const id = await newEndpoint();
  const { body } = await ask("POST", replays(id), { since });
  const one = `${replays(id)}/${String(body["id"])}`;
  const stranger = await ingest.apiKey({ scopes: ["endpoints:write", "endpoints:read"], tenantId: newId() });
  const reader = await ingest.apiKey({ scopes: ["endpoints:read"] });
  const calls = [
    ["POST", replays(id), { since, dryRun: true }],
    ["DELETE", one, undefined],
    ["POST", `${one}/pause`, undefined],
    ["POST", `${one}/resume`, undefined],
  ] as const;
  for (const [method, path, given] of calls) {
    expect((await ask(method, path, given, stranger)).status).toBe(404);
    expect((await ask(method, path, given, reader)).status).toBe(403);
  }
  for (const path of [one, replays(id), `/endpoints/${id}/freshness`]) {
    expect((await ask("GET", path, undefined, stranger)).status).toBe(404);
    expect((await ask("GET", path, undefined, reader)).status).toBe(200);
  }
});
