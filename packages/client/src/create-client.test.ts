import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "./create-client.ts";
import { NoStream } from "./follow-events.ts";
import { NoAnswer, ProblemError, UnexpectedAnswer } from "./problem-error.ts";

interface Seen {
  readonly request: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (response: ServerResponse, seen: Seen) => void;

/** A server that gives one answer after the other, and keeps what it was asked. */
async function scripted(...answers: Answer[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const one = { request: `${request.method} ${request.url}`, headers: request.headers, body: await text(request) };
    seen.push(one);
    const answer = answers[seen.length - 1];
    if (answer === undefined) throw new Error(`nothing was expected after ${seen.length - 1} requests`);
    answer(response, one);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, url, client: createClient({ url, apiKey: "pb_dev_key" }) };
}

async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of of) found.push(each);
  return found;
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
const problem = (status: number, name: string, headers: Record<string, string> = {}): Answer =>
  json(
    status,
    { type: `https://postback.dev/problems/${name}`, title: "No", status, detail: "because" },
    { "content-type": "application/problem+json", ...headers },
  );
const stream =
  (...blocks: string[]): Answer =>
  (response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).end(blocks.join(""));
const told = (id: string): string => `id: at-${id}\ndata: ${JSON.stringify({ id, type: "a.b", data: 1 })}\n\n`;
const cut: Answer = (response) => response.destroy();
const write = { type: "order.place", input: {} };

test("a write that was not answered is sent again under the same key", async () => {
  const { client, seen } = await scripted(
    cut,
    problem(503, "unavailable", { "retry-after": "0" }),
    json(202, { id: "1" }),
  );
  expect(await client.operations.submit(write)).toEqual({ id: "1" });
  const keys = seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(keys).size).toBe(1);
  expect(seen[0]?.headers.authorization).toBe("Bearer pb_dev_key");
});

test("two writes have two keys; a write with an id of the caller's needs none", async () => {
  const { client, seen } = await scripted(json(202, {}), json(202, {}), json(202, {}));
  await client.operations.submit(write);
  await client.operations.submit(write);
  await client.operations.submit({ ...write, id: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01" });
  const keys = seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys[0]).not.toBe(keys[1]);
  expect(keys[2]).toBeUndefined();
});

test("each write of a batch has a key of its own, so the batch may be sent again", async () => {
  const { client, seen } = await scripted(cut, json(200, { results: [] }));
  await client.operations.submitBatch([write, { ...write, idempotencyKey: "mine" }]);
  const [first, second] = seen.map(({ body }) => JSON.parse(body).operations);
  expect(first).toEqual(second);
  expect(first[0].idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
  expect(first[1].idempotencyKey).toBe("mine");
});

test("an event without an id is not sent again when no answer came: it would be another event", async () => {
  const { client, seen } = await scripted(cut);
  await expect(client.events.publish({ type: "a.b", data: 1 })).rejects.toThrow(NoAnswer);
  expect(seen).toHaveLength(1);
});

test("a refusal is a ProblemError, with its name, its fields and what it asks", async () => {
  const { client } = await scripted(problem(429, "overloaded", { "retry-after": "3600" }));
  const error = await client.endpoints.get("1").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ problem: "overloaded", status: 429, retryAfterMs: 3_600_000, message: "No: because" });
});

test("an answer that is not Postback's says so", async () => {
  const html: Answer = (response) => response.writeHead(404, { "content-type": "text/html" }).end("<h1>");
  const { client } = await scripted(html);
  await expect(client.endpoints.get("1")).rejects.toThrow(UnexpectedAnswer);
});

test.each(["", ".", ".."])("what would lead to another call is no id: %j", async (id) => {
  const { client, seen } = await scripted();
  await expect(client.endpoints.get(id)).rejects.toThrow(TypeError);
  expect(seen).toEqual([]);
});

test("an id is one part of the path, whatever is in it", async () => {
  const { client, seen } = await scripted(json(200, {}));
  await client.endpoints.get("a/b?c");
  expect(seen[0]?.request).toBe("GET /v1/endpoints/a%2Fb%3Fc");
});

test("a list goes over all of its pages, and asks for one only when it is needed", async () => {
  const { client, seen } = await scripted(json(200, { data: [1, 2], nextCursor: "a b" }), json(200, { data: [3] }));
  const endpoints = client.endpoints.list();
  expect((await endpoints.next()).value).toBe(1);
  expect(seen).toHaveLength(1);
  expect(await all(endpoints)).toEqual([2, 3]);
  expect(seen[1]?.request).toBe("GET /v1/endpoints?cursor=a+b");
});

test("following goes on after a stream that broke off, and tells each event once", async () => {
  const { client, seen } = await scripted(
    stream(told("1"), told("2")),
    stream(told("3"), "event: end\ndata:\n\n"),
    json(200, { id: "op", status: "succeeded" }),
    json(200, { data: [{ id: "1" }, { id: "2" }, { id: "3" }] }),
  );
  const following = client.operations.follow("op");
  const events: string[] = [];
  let step = await following.next();
  for (; !step.done; step = await following.next()) events.push(step.value.id);
  expect(events).toEqual(["1", "2", "3"]);
  expect(step.value).toMatchObject({ status: "succeeded" });
  expect(seen[1]?.headers["last-event-id"]).toBe("at-2");
});

test("following without a stream waits at the server instead", async () => {
  const { client, seen } = await scripted(
    json(200, { data: [] }),
    json(200, { id: "op", status: "running" }),
    json(200, { data: [{ id: "1" }] }),
    json(200, { id: "op", status: "failed" }),
    json(200, { data: [{ id: "1" }, { id: "2" }] }),
  );
  expect((await all(client.operations.follow("op"))).map(({ id }) => id)).toEqual(["1", "2"]);
  expect(seen[1]?.request).toBe("GET /v1/operations/op?wait=20");
});

test("a stream is opened anew while the server is started again", async () => {
  const { client } = await scripted(
    stream(told("1")),
    cut,
    problem(503, "unavailable", { "retry-after": "0" }),
    stream(told("2")),
  );
  const following = client.events.follow({ since: "2026-11-24T09:30:00Z" });
  const events = [await following.next(), await following.next()];
  expect(events.map(({ value }) => value)).toMatchObject([{ event: { id: "1" } }, { event: { id: "2" } }]);
});

test("a stream that is silent is taken for dead, and opened anew after its last event", async () => {
  const silent: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(told("1"));
  };
  const { url, seen } = await scripted(silent, stream(told("2")));
  const client = createClient({ url, apiKey: "k", streamSilenceMaxMs: 50 });
  const following = client.events.follow();
  await following.next();
  expect((await following.next()).value).toMatchObject({ event: { id: "2" } });
  expect(seen[1]?.headers["last-event-id"]).toBe("at-1");
});

test("a feed from now on that breaks off before it has a place is not begun again: it would pass events over", async () => {
  const { client, seen } = await scripted(stream(": hello\n\n"), stream(told("1")));
  const half: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "content-length": "100" });
    response.write("data");
    setTimeout(() => response.destroy(), 20);
  };
  const broken = await scripted(half);
  await expect(broken.client.events.follow().next()).rejects.toThrow(NoStream);
  expect((await client.events.follow({ cursor: "x" }).next()).value).toMatchObject({ event: { id: "1" } });
  expect(seen).toHaveLength(2);
});

test("following ends when the caller gives up", async () => {
  const { client } = await scripted(stream(told("1")), (response) => response.writeHead(200).flushHeaders());
  const stop = new AbortController();
  const following = client.operations.follow("op", { signal: stop.signal });
  await following.next();
  const next = following.next();
  stop.abort(new Error("enough"));
  await expect(next).rejects.toThrow();
});
