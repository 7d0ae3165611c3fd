import { batchResultsSchema, entityStateSchema, limits, operationStorySchema } from "@postback/contracts";
import { newId } from "@postback/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

let ingest: RunningIngest;
let authorization: string;
let other: string;

beforeAll(async () => {
  ingest = await startIngest();
  const scopes = ["operations:write", "operations:read", "endpoints:write", "endpoints:read"];
  authorization = `Bearer ${await ingest.apiKey({ scopes })}`;
  other = `Bearer ${await ingest.apiKey({ scopes, tenantId: newId() })}`;
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

const rename = (sku: string, more: object = {}) => ({ type: "sku.rename", input: { sku, name: "Mug" }, ...more });
const submit = async (sku: string): Promise<string> => (await call("POST", "/v1/operations", rename(sku))).json.id;

/** What a processor does at the end of an operation. */
const endIt = (where: string, value: string) =>
  ingest.db.pool.query(
    `UPDATE operations SET status = 'succeeded', result = '{"ok":true}', version = version + 1,
       updated_at = clock_timestamp(), completed_at = clock_timestamp() WHERE ${where} = $1`,
    [value],
  );
const begin = (id: string) =>
  ingest.db.pool.query(
    "UPDATE operations SET status = 'running', version = version + 1, updated_at = clock_timestamp() WHERE id = $1",
    [id],
  );

/** Does it as soon as the row is there. */
async function endSoon(sku: string): Promise<void> {
  await expect.poll(async () => (await endIt("entity_id", sku)).rowCount, { timeout: 10_000 }).toBe(1);
}

test("Prefer: wait answers 200 with the result when the operation ends in time", async () => {
  const answering = call("POST", "/v1/operations", rename("prefer-1"), { prefer: "wait=20" });
  await endSoon("prefer-1");
  const { status, headers, json } = await answering;
  expect([status, headers.get("preference-applied"), json.status, json.result]).toEqual([
    200,
    "wait=20",
    "succeeded",
    { ok: true },
  ]);
});

test("Prefer: wait answers 202 when it doesn't, and respond-async at once", async () => {
  const late = await call("POST", "/v1/operations", rename("prefer-2"), { prefer: "respond-async, wait=1" });
  expect([late.status, late.headers.get("preference-applied"), late.json.status]).toEqual([202, "wait=1", "accepted"]);
  expect(late.headers.get("retry-after")).toBe("1");
  const atOnce = await call("POST", "/v1/operations", rename("prefer-2"), { prefer: "respond-async" });
  expect([atOnce.status, atOnce.headers.get("preference-applied")]).toEqual([202, "respond-async"]);
});

test("a long poll is answered at the end of the operation; one without an end, when its time is up", async () => {
  const id = await submit("poll-1");
  const late = await call("GET", `/v1/operations/${id}?wait=1`);
  expect([late.status, late.json.status]).toEqual([200, "accepted"]);
  const waiting = call("GET", `/v1/operations/${id}?wait=20`);
  await endIt("id", id);
  expect((await waiting).json).toMatchObject({ id, status: "succeeded", result: { ok: true } });
});

test("what the client has already answers 304; with wait, the next change answers", async () => {
  const id = await submit("etag-1");
  const first = await call("GET", `/v1/operations/${id}`);
  const tag = first.headers.get("etag") ?? "";
  expect((await call("GET", `/v1/operations/${id}`, undefined, { "if-none-match": tag })).status).toBe(304);
  const late = await call("GET", `/v1/operations/${id}?wait=1`, undefined, { "if-none-match": tag });
  expect([late.status, late.headers.get("etag"), late.json]).toEqual([304, tag, undefined]);
  const waiting = call("GET", `/v1/operations/${id}?wait=20`, undefined, { "if-none-match": tag });
  await begin(id);
  const changed = await waiting;
  expect([changed.status, changed.json.status, changed.headers.get("etag") === tag]).toEqual([200, "running", false]);
});

test("a batch has a result for each write, in order: taken, found again, or refused with its problem", async () => {
  const id = newId();
  const operations = [
    rename("batch-1", { idempotencyKey: "batch-key" }),
    rename("batch-2", { id }),
    { type: "sku.rename", input: { sku: "" } },
    { type: "no.such", input: {} },
    rename("batch-1", { entity: { type: "sku", id: "another" } }),
    rename("batch-3"),
  ];
  const before = await ingest.messagesWritten();
  const { status, json } = await call("POST", "/v1/operations/batch", { operations });
  const { results } = batchResultsSchema.parse(json);
  expect([status, ...results.map((result) => result.status)]).toEqual([200, 202, 202, 422, 422, 422, 202]);
  expect(results.map(({ problem }) => problem?.type.split("/").at(-1))).toEqual([
    undefined,
    undefined,
    "invalid-input",
    "unknown-operation-type",
    "entity-mismatch",
    undefined,
  ]);
  expect(results[1]?.operation?.id).toBe(id);
  expect(await ingest.messagesWritten()).toBe(before + 3);
  const again = await call("POST", "/v1/operations/batch", { operations: operations.slice(0, 2) });
  expect(again.json.results.map(({ operation }: { operation: { id: string } }) => operation.id)).toEqual([
    results[0]?.operation?.id,
    id,
  ]);
  const reused = { operations: [rename("batch-9", { idempotencyKey: "batch-key" })] };
  expect((await call("POST", "/v1/operations/batch", reused)).json.results).toMatchObject([
    { status: 422, problem: { type: expect.stringMatching(/idempotency-key-reused$/) } },
  ]);
});

test("a thousand writes of one entity go to its partition in their order", async () => {
  const names = Array.from({ length: limits.batchOperationsMax }, (_, i) => String(i));
  const operations = names.map((name) => ({ type: "sku.rename", input: { sku: "batch-order", name } }));
  const { json } = await call("POST", "/v1/operations/batch", { operations });
  expect(new Set(json.results.map(({ status }: { status: number }) => status))).toEqual(new Set([202]));
  const { rows } = await ingest.db.pool.query<{ name: string }>(
    "SELECT input::json ->> 'name' AS name FROM operations WHERE entity_id = 'batch-order' ORDER BY log_offset",
  );
  expect(rows.map(({ name }) => name)).toEqual(names);
});

test("a batch that is none is refused as a whole: too many, too large, under a key of its own", async () => {
  const many = { operations: Array(limits.batchOperationsMax + 1).fill(rename("x")) };
  expect((await call("POST", "/v1/operations/batch", many)).status).toBe(422);
  const large = { operations: [rename("x", { idempotencyKey: "k".repeat(limits.batchBodyMaxBytes) })] };
  expect((await call("POST", "/v1/operations/batch", large)).status).toBe(413);
  const keyed = await call("POST", "/v1/operations/batch", { operations: [rename("x")] }, { "idempotency-key": "k" });
  expect(keyed.status).toBe(422);
});

test("operations are listed by entity, type, status and time, page by page, and only those of the tenant", async () => {
  const ids = [];
  for (let i = 0; i < 5; i += 1) ids.push(await submit("list:1"));
  ids.reverse();
  await endIt("id", ids[0] ?? "");
  const list = async (query: string, headers = {}) =>
    (await call("GET", `/v1/operations?${query}`, undefined, headers)).json;
  const idsOf = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id);
  const first = await list("entity=sku:list:1&limit=3");
  const second = await list(`entity=sku:list:1&limit=3&cursor=${first.nextCursor}`);
  expect([...idsOf(first), ...idsOf(second)].sort()).toEqual([...ids].sort());
  expect(second.nextCursor).toBeUndefined();
  expect(idsOf(await list("entity=sku:list:1&status=succeeded&type=sku.rename"))).toEqual([ids[0]]);
  expect(idsOf(await list("entity=sku:list:1&status=accepted"))).toHaveLength(4);
  expect(idsOf(await list("entity=sku:list:1&type=no.such"))).toEqual([]);
  const createdAt = (await call("GET", `/v1/operations/${ids[2]}`)).json.createdAt;
  expect(idsOf(await list(`entity=sku:list:1&since=${createdAt}`))).toContain(ids[2]);
  expect(idsOf(await list(`entity=sku:list:1&until=${createdAt}`))).not.toContain(ids[2]);
  expect(idsOf(await list("limit=200", { authorization: other }))).toEqual([]);
  for (const query of ["entity=sku", "entity=:x", "status=done", "since=today", "cursor=x", "color=red"]) {
    expect((await call("GET", `/v1/operations?${query}`)).status).toBe(400);
  }
});

test("an entity is settled when nothing of it is pending, and a read waits for that", async () => {
  expect((await call("GET", "/v1/entities/sku/barrier-1")).json).toEqual({
    entity: { type: "sku", id: "barrier-1" },
    pending: 0,
    settled: true,
  });
  const first = await submit("barrier-1");
  const second = await submit("barrier-1");
  const state = entityStateSchema.parse((await call("GET", "/v1/entities/sku/barrier-1")).json);
  expect(state).toMatchObject({ pending: 2, settled: false, lastOperation: { status: "accepted" } });
  expect([first, second]).toContain(state.lastOperation?.id);
  const waiting = call("GET", "/v1/entities/sku/barrier-1?wait=20");
  await endIt("entity_id", "barrier-1");
  expect((await waiting).json).toMatchObject({ pending: 0, settled: true, lastOperation: { status: "succeeded" } });
});

test("with `after`, an entity is settled as soon as that operation has ended, whatever else is pending", async () => {
  const first = await submit("barrier-2");
  await submit("barrier-2");
  const path = `/v1/entities/sku/barrier-2?after=${first}`;
  expect((await call("GET", path)).json).toMatchObject({ pending: 2, settled: false });
  const waiting = call("GET", `${path}&wait=20`);
  await endIt("id", first);
  expect((await waiting).json).toMatchObject({ pending: 1, settled: true });
});

test("an operation whose row isn't there yet isn't settled, one of another entity is refused, another tenant's isn't seen", async () => {
  const path = "/v1/entities/sku/barrier-3";
  expect((await call("GET", `${path}?after=${newId()}&wait=1`)).json).toMatchObject({ pending: 0, settled: false });
  const id = await submit("barrier-4");
  expect((await call("GET", `${path}?after=${id}`)).status).toBe(400);
  const foreign = await call("GET", "/v1/entities/sku/barrier-4", undefined, { authorization: other });
  expect(foreign.json).toMatchObject({ pending: 0, settled: true });
});

test("an entity's tag changes with its operations", async () => {
  const id = await submit("barrier-5");
  const path = "/v1/entities/sku/barrier-5";
  const tag = (await call("GET", path)).headers.get("etag") ?? "";
  expect((await call("GET", path, undefined, { "if-none-match": tag })).status).toBe(304);
  const waiting = call("GET", `${path}?wait=20`, undefined, { "if-none-match": tag });
  await begin(id);
  expect((await waiting).json).toMatchObject({ pending: 1, lastOperation: { status: "running" } });
});

test("include=deliveries tells the whole story: events in order, and to whom each was brought", async () => {
  const id = await submit("story-1");
  const { json: endpoint } = await call("POST", "/v1/endpoints", { url: "https://example.com/hooks", events: ["**"] });
  const events = [newId(), newId()];
  for (const [index, eventId] of events.entries()) {
    await ingest.db.pool.query(
      `INSERT INTO events (tenant_id, id, type, partition, number, operation_id, operation_type, body, accepted_at)
       VALUES ($1, $2, 'sku.renamed', 0, $3, $4, 'sku.rename', $5, now())`,
      [
        ingest.tenantId,
        eventId,
        index + 1,
        id,
        JSON.stringify({ type: "sku.renamed", timestamp: "2026-11-24T09:30:00.000Z", data: { n: index } }),
      ],
    );
  }
  const attempt = { number: 1, at: "2026-11-24T09:30:00.000Z", durationMs: 12, outcome: "accepted", status: 200 };
  await ingest.db.pool.query(
    `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, attempts)
     VALUES ($1, $2, $3, 'sku.renamed', 0, 'delivered', $4)`,
    [ingest.tenantId, events[0], endpoint.id, JSON.stringify([attempt])],
  );
  const story = operationStorySchema.parse((await call("GET", `/v1/operations/${id}?include=deliveries`)).json);
  expect(story.events?.map((event) => [event.id, event.deliveries.map(({ endpointId }) => endpointId)])).toEqual([
    [events[0], [endpoint.id]],
    [events[1], []],
  ]);
  expect((await call("GET", `/v1/operations/${id}`)).json.events).toBeUndefined();
  const reader = `Bearer ${await ingest.apiKey({ scopes: ["operations:read"] })}`;
  const path = `/v1/operations/${id}?include=deliveries`;
  expect((await call("GET", path, undefined, { authorization: reader })).status).toBe(403);
});
