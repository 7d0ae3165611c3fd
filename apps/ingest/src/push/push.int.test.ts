import { once } from "node:events";
import { connect } from "node:net";
import { type Event, entityKey, feedPageSchema, packHeader } from "@postback/contracts";
import { newId } from "@postback/domain";
import { connectAdmin, partitionFor } from "@postback/kafka";
import { eventually, SseClient } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

let ingest: RunningIngest;
let authorization: string;
let other: string;
const partitions = 3;
const scopes = ["operations:write", "operations:read"];

beforeAll(async () => {
  ingest = await startIngest();
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

const publish = async (type: string, n: unknown, more: object = {}, headers = {}): Promise<string> =>
  (await call("POST", "/v1/events", { type, data: { n }, ...more }, headers)).json.id;

const listen = (path: string, headers: Record<string, string> = {}) =>
  SseClient.open(ingest.url + path, { authorization, ...headers });

/** The n of the events that a client has got, once there are so many. */
const told = (client: SseClient, count: number): Promise<unknown[]> =>
  eventually(() => {
    const events = client.events<Event & { data: { n: unknown } }>();
    expect(events.length).toBeGreaterThanOrEqual(count);
    return events.map(({ data }) => data.n);
  });

interface Told {
  entity: { type: string; id: string };
  number: number;
  type?: string;
  operationId?: string;
}

/** What a processor publishes, at the end of the entity's partition. */
async function tellInLog({ entity, number, type = "numbered.told", operationId }: Told): Promise<void> {
  const key = entityKey(ingest.tenantId, entity);
  await ingest.producer.send({
    topic: ingest.topics.events,
    partition: partitionFor(key, partitions),
    key,
    value: bodyOf(type, number),
    header: packHeader({
      v: 1,
      id: newId(),
      type,
      tenant: ingest.tenantId,
      entity,
      number: String(number),
      acceptedAt: Date.now(),
      ...(operationId === undefined ? {} : { operation: { id: operationId, type: "sku.rename" } }),
    }),
  });
}

const bodyOf = (type: string, n: unknown) =>
  JSON.stringify({ type, timestamp: "2026-11-24T09:30:00.000Z", data: { n } });

test("a feed tells what is published from then on: its types, its entity, its tenant, and nothing else", async () => {
  await publish("live.before", 0);
  await using all = await listen("/v1/events?types=live.*");
  await using some = await listen("/v1/events?types=live.b,nothing.**");
  await using entity = await listen("/v1/events?types=live.*&entity=thing:t:1");
  await using foreign = await listen("/v1/events", { authorization: other });
  expect([all.status, some.status, entity.status, foreign.status]).toEqual([200, 200, 200, 200]);
  await publish("live.a", 1);
  await publish("live.b", 2, { entity: { type: "thing", id: "t:1" } });
  await publish("other.c", 3);
  await publish("live.d", 4, { entity: { type: "thing", id: "t:2" } });
  await publish("foreign.e", 5, {}, { authorization: other });
  expect((await told(all, 3)).sort()).toEqual([1, 2, 4]);
  expect(await told(some, 1)).toEqual([2]);
  expect(await told(entity, 1)).toEqual([2]);
  expect(await told(foreign, 1)).toEqual([5]);
});

test("an event comes as the API shows it, with the very bytes of its body", async () => {
  await using client = await listen("/v1/events?types=shown.*");
  const entity = { type: "thing", id: "shown" };
  const { json } = await call("POST", "/v1/events", { type: "shown.it", entity, data: { text: "zwei\nZeilen ✓" } });
  await told(client, 1);
  expect(client.messages[0]?.data).toBe(JSON.stringify(json));
});

test("a stream that is resumed goes on after its last event: no gap, no double, whatever was told twice", async () => {
  const path = "/v1/events?types=numbered.*";
  const tell = (number: number) => tellInLog({ entity: { type: "thing", id: "resume" }, number });
  const first = await listen(path);
  for (const number of [1, 2, 3]) await tell(number);
  expect(await told(first, 3)).toEqual([1, 2, 3]);
  const last = first.messages[1]?.id ?? "";
  await first[Symbol.asyncDispose]();
  // A new owner publishes again what the old one had published, then its own.
  for (const number of [1, 2, 3, 4, 5]) await tell(number);
  await using resumed = await listen(path, { "last-event-id": last });
  await tell(6);
  await tell(5);
  await tell(7);
  expect(await told(resumed, 5)).toEqual([3, 4, 5, 6, 7]);
});

test("an id of the client's that is published twice is told once, also across a resume", async () => {
  const path = "/v1/events?types=direct.*";
  const entity = { type: "thing", id: "direct" };
  const id = newId();
  const first = await listen(path);
  await publish("direct.a", 1, { id, entity });
  await publish("direct.a", 1, { id, entity });
  await publish("direct.b", 2, { entity });
  expect(await told(first, 2)).toEqual([1, 2]);
  await first[Symbol.asyncDispose]();
  await publish("direct.a", 1, { id, entity });
  await publish("direct.c", 3, { entity });
  await using resumed = await listen(path, { "last-event-id": first.lastEventId });
  expect(await told(resumed, 1)).toEqual([3]);
});

test("from a time on, a stream begins in the past", async () => {
  const entity = { type: "thing", id: "since" };
  await publish("since.a", 1, { entity });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const since = new Date().toISOString();
  await publish("since.b", 2, { entity });
  await using client = await listen(`/v1/events?types=since.*&since=${since}`);
  await publish("since.c", 3, { entity });
  expect(await told(client, 2)).toEqual([2, 3]);
});

test("pages go from the oldest to the newest, each event once; the end is an empty page with a cursor", async () => {
  const entity = { type: "thing", id: "pages" };
  for (let n = 0; n < 25; n += 1) await publish("pages.told", n, { entity });
  const seen: unknown[] = [];
  const cursors: string[] = [];
  let cursor = "";
  do {
    const { json } = await call("GET", `/v1/events?types=pages.*&limit=10${cursor && `&cursor=${cursor}`}`);
    const page = feedPageSchema.parse(json);
    expect(page.data.length).toBeLessThanOrEqual(10);
    seen.push(...page.data.map(({ data }) => (data as { n: number }).n));
    cursors.push(cursor);
    cursor = page.nextCursor;
  } while (seen.length < 25 && cursors.length < 20);
  expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => n));
  const end = (await call("GET", `/v1/events?types=pages.*&cursor=${cursor}`)).json;
  expect([end.data, typeof end.nextCursor]).toEqual([[], "string"]);
  await using stream = await listen(`/v1/events?types=pages.*&cursor=${end.nextCursor}`);
  await publish("pages.told", "live", { entity });
  expect(await told(stream, 1)).toEqual(["live"]);
});

test("a cursor of another tenant, of another kind, or of nobody is refused", async () => {
  const { nextCursor } = (await call("GET", "/v1/events")).json;
  expect((await call("GET", `/v1/events?cursor=${nextCursor}`)).status).toBe(200);
  for (const [path, headers] of [
    [`/v1/events?cursor=${nextCursor}`, { authorization: other }],
    [`/v1/events?cursor=${nextCursor.slice(0, -2)}xx`, {}],
    ["/v1/events?cursor=x", {}],
    ["/v1/events?types=NO!", {}],
  ] as const) {
    expect((await call("GET", path, undefined, headers)).status).toBe(400);
  }
});

test("where retention has passed the place of a reader it is told to read anew, and gets what is still there", async () => {
  const entity = { type: "thing", id: "lost" };
  const partition = partitionFor(entityKey(ingest.tenantId, entity), partitions);
  const { nextCursor } = (await call("GET", "/v1/events?entity=thing:lost")).json;
  for (const n of [1, 2, 3]) await publish("lost.told", n, { entity });
  await using admin = await connectAdmin(ingest.kafka);
  const offsets = await admin.client.fetchTopicOffsets(ingest.topics.events);
  const high = Number(offsets.find((each) => each.partition === partition)?.high);
  const records = [{ partition, offset: String(high - 1) }];
  await admin.client.deleteTopicRecords({ topic: ingest.topics.events, partitions: records });
  const page = (await call("GET", `/v1/events?entity=thing:lost&cursor=${nextCursor}`)).json;
  expect([page.resync, page.data]).toEqual([true, []]);
  await using client = await listen("/v1/events?entity=thing:lost", { "last-event-id": nextCursor });
  expect(await told(client, 1)).toEqual([3]);
  expect(client.messages.map(({ event }) => event)).toEqual(["resync", "message"]);
});

/** An operation with events in Postgres, as a processor has left it. */
async function anOperation(sku: string, numbers: readonly number[]): Promise<string> {
  const { json } = await call("POST", "/v1/operations", { type: "sku.rename", input: { sku, name: "Mug" } });
  for (const number of numbers) await tellInPostgres(json.id, number);
  return json.id;
}

const tellInPostgres = (operationId: string, number: number) =>
  ingest.db.pool.query(
    `INSERT INTO events (tenant_id, id, type, partition, number, operation_id, operation_type, body, accepted_at)
     SELECT tenant_id, $2, 'sku.renamed', partition, $3, id, 'sku.rename', $4, now() FROM operations WHERE id = $1`,
    [operationId, newId(), number, bodyOf("sku.renamed", number)],
  );

test("an operation's stream tells what it has told, then what it tells, each once, and ends with it", async () => {
  const id = await anOperation("stream-1", [1, 2]);
  await using client = await listen(`/v1/operations/${id}/events`);
  expect(await told(client, 2)).toEqual([1, 2]);
  const entity = { type: "sku", id: "stream-1" };
  for (const number of [2, 3]) await tellInLog({ entity, operationId: id, number });
  await tellInLog({ entity, operationId: newId(), number: 4 });
  await tellInLog({ entity, operationId: id, number: 5, type: "operation.succeeded" });
  await client.ended;
  expect(client.messages.map(({ event, data }) => (event === "end" ? event : JSON.parse(data).data.n))).toEqual([
    1,
    2,
    3,
    5,
    "end",
  ]);
});

test("an operation's stream is resumed after its last event; when nothing can come any more, with 204", async () => {
  const id = await anOperation("stream-2", [1, 2, 3]);
  await using client = await listen(`/v1/operations/${id}/events`);
  await told(client, 3);
  const { rowCount } = await ingest.db.pool.query(
    "UPDATE operations SET status = 'succeeded', completed_at = now() WHERE id = $1",
    [id],
  );
  expect(rowCount).toBe(1);
  await using resumed = await listen(`/v1/operations/${id}/events`, { "last-event-id": client.messages[0]?.id ?? "" });
  await resumed.ended;
  expect(resumed.messages.map(({ event, data }) => (event === "end" ? event : JSON.parse(data).data.n))).toEqual([
    2,
    3,
    "end",
  ]);
  await using over = await listen(`/v1/operations/${id}/events`, { "last-event-id": resumed.lastEventId });
  expect(over.status).toBe(204);
  expect(
    (await call("GET", `/v1/operations/${newId()}/events`, undefined, { accept: "text/event-stream" })).status,
  ).toBe(503);
  const foreign = { accept: "text/event-stream", authorization: other };
  expect((await call("GET", `/v1/operations/${id}/events`, undefined, foreign)).status).toBe(503);
});

test("a client that doesn't read is cut off instead of being kept for, and costs the others nothing", async () => {
  await using reader = await listen("/v1/events?types=slow.*");
  const { port, hostname } = new URL(ingest.url);
  const deaf = connect(Number(port), hostname);
  const closed = once(deaf, "close");
  deaf.on("error", () => {
    // Reset by the server: 'close' follows, and that is what is waited for.
  });
  deaf.write(
    `GET /v1/events?types=slow.* HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: ${authorization}\r\n\r\n`,
  );
  await once(deaf, "readable");
  const text = "x".repeat(200_000);
  let published = 0;
  const cutOff = async () =>
    /streams_cut_total\{[^}]*reason="slow"[^}]*\} 1/.test(await (await fetch(`${ingest.url}/metrics`)).text());
  while (!(await cutOff()) && published < 150) {
    for (let n = 0; n < 10; n += 1) await publish("slow.told", text);
    published += 10;
  }
  expect(await cutOff()).toBe(true);
  expect(await told(reader, published)).toHaveLength(published);
  deaf.destroy();
  await closed;
});

test("a stream ends soon after its key is revoked", async () => {
  const key = await ingest.apiKey({ scopes });
  await using client = await listen("/v1/events", { authorization: `Bearer ${key}` });
  expect(client.status).toBe(200);
  await ingest.db.pool.query("UPDATE api_keys SET revoked_at = now() WHERE key_id = $1", [key.split("_")[2]]);
  await client.ended;
});

test("when an instance stops, its streams end and those who wait are answered", async () => {
  const stopping = await startIngest();
  const headers = { authorization: `Bearer ${await stopping.apiKey({ scopes })}` };
  const client = await SseClient.open(`${stopping.url}/v1/events`, headers);
  expect(client.status).toBe(200);
  const waiting = fetch(`${stopping.url}/v1/entities/sku/1?wait=50&after=${newId()}`, { headers });
  await eventually(async () => {
    expect(await (await fetch(`${stopping.url}/metrics`)).text()).toMatch(/postback_waiting_requests\{[^}]*\} 1/);
  });
  await stopping[Symbol.asyncDispose]();
  await client.ended;
  expect(((await (await waiting).json()) as { settled: boolean }).settled).toBe(false);
});
