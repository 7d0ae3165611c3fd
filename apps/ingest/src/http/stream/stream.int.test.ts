import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { limits, type StreamMessage, type StreamRequest, streamMessageSchema } from "@postback/contracts";
import { newId } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

let ingest: RunningIngest;
let authorization: string;
const scopes = ["operations:write", "operations:read"];

beforeAll(async () => {
  ingest = await startIngest({ env: { STREAMS_PER_KEY_MAX: "2" } });
  authorization = `Bearer ${await ingest.apiKey({ scopes })}`;
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

/** A client of the WebSocket; each has an API key of its own unless one is given. */
class Client implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly messages: StreamMessage[] = [];

  private constructor(key: string, path = "/v1/stream") {
    const url = new URL(path, ingest.url.replace("http", "ws"));
    this.socket = new WebSocket(url, { headers: { authorization: key } });
    this.socket.on("message", (data) => this.messages.push(streamMessageSchema.parse(JSON.parse(String(data)))));
  }

  static async open(key?: string): Promise<Client> {
    const client = new Client(key ?? `Bearer ${await ingest.apiKey({ scopes })}`);
    await once(client.socket, "open");
    return client;
  }

  /** @returns the status that refuses the upgrade */
  static async refused(key: string, path?: string): Promise<number> {
    const client = new Client(key, path);
    const [, response] = await once(client.socket, "unexpected-response");
    client.socket.on("error", () => {
      // "closed before the connection was established", which is what this is about.
    });
    client.socket.terminate();
    return response.statusCode;
  }

  send(request: StreamRequest): void {
    this.socket.send(JSON.stringify(request));
  }

  async subscribe(subscription: string, more: object = {}): Promise<void> {
    this.send({ type: "subscribe", subscription, ...more });
    await this.got({ type: "subscribed", subscription });
  }

  got(message: object): Promise<StreamMessage> {
    return eventually(() => {
      const found = this.messages.find((each) =>
        Object.entries(message).every(([key, value]) => each[key as never] === value),
      );
      expect(found, JSON.stringify(this.messages)).toBeDefined();
      return found as StreamMessage;
    });
  }

  /** What a subscription was told, by its data. */
  told(subscription: string): unknown[] {
    return this.messages.flatMap((each) =>
      each.type === "event" && each.subscription === subscription ? [each.event.data] : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return;
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }
}

async function publish(type: string, data: unknown, entity?: object): Promise<void> {
  const response = await fetch(`${ingest.url}/v1/events`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ type, data, ...(entity === undefined ? {} : { entity }) }),
  });
  expect(response.status).toBe(202);
}

test("one connection has several subscriptions: to types, to an entity; each event names its own", async () => {
  await using client = await Client.open();
  const entity = { type: "thing", id: "ws" };
  await client.subscribe("types", { types: ["ws.*"] });
  await client.subscribe("entity", { entity });
  await publish("ws.a", 1);
  await publish("ws.b", 2, entity);
  await publish("other.c", 3, entity);
  await eventually(() => {
    expect(client.told("types").sort()).toEqual([1, 2]);
    expect(client.told("entity")).toEqual([2, 3]);
  });
});

test("a subscription that was ended tells nothing more, and its name is free", async () => {
  await using client = await Client.open();
  await client.subscribe("s", { types: ["end.*"] });
  client.send({ type: "unsubscribe", subscription: "s" });
  await client.got({ type: "unsubscribed", subscription: "s" });
  await publish("end.a", 1);
  client.messages.length = 0;
  await client.subscribe("s", { types: ["end.*"] });
  await publish("end.b", 2);
  await eventually(() => expect(client.told("s")).toEqual([2]));
});

test("a cursor of an event, of a page or of SSE goes on where it stands, on another connection", async () => {
  const entity = { type: "thing", id: "ws-cursor" };
  const first = await Client.open();
  await first.subscribe("s", { entity });
  for (const n of [1, 2, 3]) await publish("cursor.told", n, entity);
  await eventually(() => expect(first.told("s")).toEqual([1, 2, 3]));
  await first[Symbol.asyncDispose]();
  const [one] = first.messages.filter((each) => each.type === "event");
  await using second = await Client.open();
  await second.subscribe("s", { entity, cursor: one?.type === "event" ? one.cursor : "" });
  await publish("cursor.told", 4, entity);
  await eventually(() => expect(second.told("s")).toEqual([2, 3, 4]));
});

test("a subscription to an operation tells its events and ends with it", async () => {
  const response = await fetch(`${ingest.url}/v1/operations`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ type: "sku.rename", input: { sku: "ws", name: "Mug" } }),
  });
  const { id } = (await response.json()) as { id: string };
  await ingest.db.pool.query(
    `INSERT INTO events (tenant_id, id, type, partition, number, operation_id, operation_type, body, accepted_at)
     SELECT tenant_id, $2, 'operation.succeeded', partition, 1, id, type, $3, now() FROM operations WHERE id = $1`,
    [id, newId(), JSON.stringify({ type: "operation.succeeded", timestamp: "2026-11-24T09:30:00.000Z", data: "done" })],
  );
  await ingest.db.pool.query("UPDATE operations SET status = 'succeeded', completed_at = now() WHERE id = $1", [id]);
  await using client = await Client.open();
  await client.subscribe("op", { operation: id });
  await client.got({ type: "ended", subscription: "op" });
  expect(client.told("op")).toEqual(["done"]);
});

test("what is refused is told, and the connection stays", async () => {
  await using client = await Client.open();
  const refusals: [object | string, string][] = [
    ["{", "malformed-json"],
    [{ type: "subscribe" }, "invalid-input"],
    [{ type: "subscribe", subscription: "s", types: ["NO!"] }, "invalid-input"],
    [{ type: "subscribe", subscription: "s", cursor: "x" }, "invalid-cursor"],
    [{ type: "subscribe", subscription: "s", operation: newId(), types: ["**"] }, "invalid-input"],
    [{ type: "subscribe", subscription: "s", operation: newId() }, "unavailable"],
    [{ type: "unsubscribe", subscription: "s" }, "not-found"],
  ];
  for (const [request, problem] of refusals) {
    client.messages.length = 0;
    client.socket.send(typeof request === "string" ? request : JSON.stringify(request));
    expect(await client.got({ type: "error" })).toMatchObject({
      problem: { type: `https://postback.dev/problems/${problem}` },
    });
  }
  await client.subscribe("s");
  client.messages.length = 0;
  client.send({ type: "subscribe", subscription: "s" });
  await client.got({ type: "error", subscription: "s" });
});

test("the upgrade wants a key with the scope, and the right path", async () => {
  expect(await Client.refused("Bearer nonsense")).toBe(401);
  expect(await Client.refused(`Bearer ${await ingest.apiKey({ scopes: ["operations:write"] })}`)).toBe(403);
  expect(await Client.refused(authorization, "/v1/elsewhere")).toBe(404);
  const plain = await fetch(`${ingest.url}/v1/stream`, { headers: { authorization } });
  expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
});

test("a request that offers another protocol is answered like any other", async () => {
  const { port, hostname } = new URL(ingest.url);
  const client = connect(Number(port), hostname);
  const head = ["GET /v1/events?types=none HTTP/1.1", "host: x", `authorization: ${authorization}`];
  const offer = ["connection: Upgrade, HTTP2-Settings, close", "upgrade: h2c", "http2-settings: AAEAAEAAAAIAAAAB"];
  client.write(`${[...head, ...offer].join("\r\n")}\r\n\r\n`);
  expect((await text(client)).split("\r\n")[0]).toBe("HTTP/1.1 200 OK");
});

test("nothing of another tenant is told", async () => {
  await using foreign = await Client.open(`Bearer ${await ingest.apiKey({ scopes, tenantId: newId() })}`);
  const entity = { type: "thing", id: "ws-foreign" };
  await foreign.subscribe("all");
  await foreign.subscribe("entity", { entity });
  await using own = await Client.open();
  await own.subscribe("all");
  await publish("foreign.a", 1, entity);
  await eventually(() => expect(own.told("all")).toEqual([1]));
  expect([foreign.told("all"), foreign.told("entity")]).toEqual([[], []]);
});

test("a key has as many streams as it may, a connection as many subscriptions", async () => {
  const key = `Bearer ${await ingest.apiKey({ scopes })}`;
  await using first = await Client.open(key);
  await using second = await Client.open(key);
  await using third = await Client.open(key);
  await third.got({ type: "error" });
  const sse = await fetch(`${ingest.url}/v1/events`, { headers: { authorization: key, accept: "text/event-stream" } });
  expect([sse.status, sse.headers.get("retry-after")]).toEqual([503, "1"]);
  const names = Array.from({ length: limits.streamSubscriptionsMax }, (_, n) => `s${n}`);
  // As many requests at once as may wait.
  for (const subscription of names) first.send({ type: "subscribe", subscription, entity: { type: "t", id: "1" } });
  await first.got({ type: "subscribed", subscription: names.at(-1) });
  first.send({ type: "subscribe", subscription: "more" });
  await first.got({ type: "error", subscription: "more" });
  expect(second.socket.readyState).toBe(second.socket.OPEN);
});

test("too large a message closes the connection", async () => {
  const client = await Client.open();
  client.socket.send("x".repeat(limits.streamMessageMaxBytes + 1));
  const [code] = await once(client.socket, "close");
  expect(code).toBe(1009);
});
