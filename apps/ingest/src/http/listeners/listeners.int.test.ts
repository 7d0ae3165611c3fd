import { once } from "node:events";
import { type StreamMessage, type StreamRequest, streamMessageSchema } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

let ingest: RunningIngest;
const scopes = ["operations:read", "endpoints:read", "endpoints:write"];

beforeAll(async () => {
  ingest = await startIngest({ env: { LISTEN_URL: "http://ingest.test", ALLOW_HTTP: "true" } });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

/** One that listens, with a key of its own. */
async function listening(given = scopes) {
  const authorization = `Bearer ${await ingest.apiKey({ scopes: given })}`;
  const socket = new WebSocket(new URL("/v1/stream", ingest.url.replace("http", "ws")), { headers: { authorization } });
  const messages: StreamMessage[] = [];
  socket.on("message", (data) => messages.push(streamMessageSchema.parse(JSON.parse(String(data)))));
  await once(socket, "open");
  const send = (request: StreamRequest) => socket.send(JSON.stringify(request));
  const got = <T extends StreamMessage["type"]>(type: T) =>
    eventually(() => {
      const found = messages.find((each) => each.type === type);
      expect(found, JSON.stringify(messages)).toBeDefined();
      return found as Extract<StreamMessage, { type: T }>;
    });
  send({ type: "listen", subscription: "l", types: ["order.*"] });
  const statusOf = async (id: string) =>
    (await fetch(`${ingest.url}/v1/endpoints/${id}`, { headers: { authorization } })).status;
  return { socket, send, got, statusOf };
}

/** What a dispatcher does, at the path that the endpoint's URL has. */
const dispatch = (url: string, body: string): Promise<Response> =>
  fetch(new URL(new URL(url).pathname, ingest.url), {
    method: "POST",
    headers: { "content-type": "application/json", "webhook-id": "evt-1", "x-forwarded-for": "192.0.2.1" },
    body,
  });

test("a webhook at the endpoint's URL goes over the connection as it is, and its answer comes back", async () => {
  const { socket, send, got } = await listening();
  const { endpoint } = await got("listening");
  expect(endpoint).toMatchObject({ events: ["order.*"], enabled: true, secret: expect.stringMatching(/^whsec_/) });
  const body = '{"type":"order.placed", "data": 1.0}';
  const response = dispatch(endpoint.url, body);
  const webhook = await got("webhook");
  expect(webhook).toMatchObject({ subscription: "l", webhook: 1, body });
  expect(webhook.headers).toMatchObject({ "content-type": "application/json", "webhook-id": "evt-1" });
  expect(webhook.headers).not.toHaveProperty("x-forwarded-for");
  expect(webhook.headers).not.toHaveProperty("host");
  send({ type: "answer", subscription: "l", webhook: 1, status: 422, body: "no" });
  expect((await response).status).toBe(422);
  expect(await (await response).text()).toBe("no");
  socket.close();
});

test("the endpoint is gone with the connection; what is under way then is tried again, what comes later is 410", async () => {
  const { socket, got, statusOf } = await listening();
  const { endpoint } = await got("listening");
  expect(await statusOf(endpoint.id)).toBe(200);
  const underWay = dispatch(endpoint.url, "{}");
  await got("webhook");
  socket.close();
  expect((await underWay).status).toBe(503);
  await eventually(async () => expect(await statusOf(endpoint.id)).toBe(404));
  expect((await dispatch(endpoint.url, "{}")).status).toBe(410);
});

test("an endpoint whose process was killed, so that nobody knows its token, is told 410", async () => {
  expect((await dispatch("http://ingest.test/listeners/unknown", "{}")).status).toBe(410);
});

test("unsubscribing ends it too, and the connection stays", async () => {
  const { socket, send, got, statusOf } = await listening();
  const { endpoint } = await got("listening");
  send({ type: "unsubscribe", subscription: "l" });
  await got("unsubscribed");
  expect(await statusOf(endpoint.id)).toBe(404);
  expect(socket.readyState).toBe(socket.OPEN);
  socket.close();
});

test("a key that may not make endpoints may not listen", async () => {
  const { socket, got } = await listening(["operations:read"]);
  expect((await got("error")).problem).toMatchObject({ type: "https://postback.dev/problems/forbidden" });
  socket.close();
});
