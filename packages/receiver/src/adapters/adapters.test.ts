import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { generateSecret, parseSecret, signWebhook } from "@postback/domain";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReceiver } from "../receive/create-receiver.ts";
import { memoryStore } from "../receive/received-store.ts";
import { fetchHandler } from "./fetch-handler.ts";
import { koaMiddleware } from "./koa-middleware.ts";
import { nodeHandler } from "./node-handler.ts";

const secret = generateSecret();
const handled: string[] = [];
const errors: unknown[] = [];
const receiver = createReceiver<{ "order.placed": { orderId: string } }>({
  keys: secret,
  store: memoryStore(),
  bodyMaxBytes: 10_000,
  on: { "order.placed": ({ data }) => void handled.push(data.orderId) },
  onError: (error) => errors.push(error),
});

function signed(orderId: string, padding = "") {
  const key = parseSecret(secret);
  if (key === undefined) throw new Error("not a secret");
  const body = JSON.stringify({
    type: "order.placed",
    timestamp: new Date().toISOString(),
    data: { orderId },
    padding,
  });
  const timestampSeconds = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "webhook-id": `event of ${orderId}`,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signWebhook({ id: `event of ${orderId}`, timestampSeconds, body, secrets: [key] }),
  };
  return { method: "POST", body, headers };
}

const koa = new Koa().use(koaMiddleware(receiver));
/** Express hands `http`'s own request and response on, with `body` where a parser ran. */
const express: RequestListener = (request, response) =>
  nodeHandler(receiver)(request as Parameters<ReturnType<typeof nodeHandler>>[0], response);
/** What a parser before the handler does. */
const withBody =
  (parse: (text: string) => unknown): RequestListener =>
  async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    Object.assign(request, { body: parse(Buffer.concat(chunks).toString("utf8")) });
    express(request, response);
  };
const koaWithRawBody = new Koa()
  .use(async (ctx, next) => {
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    const rawBody = Buffer.concat(chunks).toString("utf8");
    Object.assign(ctx.request, { rawBody, body: JSON.parse(rawBody) });
    await next();
  })
  .use(koaMiddleware(receiver));

type Send = (request: ReturnType<typeof signed>) => Promise<{ status: number; text: string }>;

const servers = {
  "node:http and Express": express,
  "Express after express.raw": withBody((text) => Buffer.from(text)),
  Koa: koa.callback(),
  "Koa after koa-bodyparser": koaWithRawBody.callback(),
};

describe.each(Object.keys(servers) as (keyof typeof servers)[])("the adapter for %s", (name) => {
  const server = createServer(servers[name]);
  beforeAll(async () => void (await once(server.listen(0, "127.0.0.1"), "listening")));
  afterAll(() => void server.close());
  takesWebhooks(name, async (request) => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, request);
    return { status: answer.status, text: await answer.text() };
  });
});

describe("the adapter for fetch", () => {
  takesWebhooks("fetch", async (request) => {
    const answer = await fetchHandler(receiver)(new Request("https://example.com/hooks", request));
    return { status: answer.status, text: await answer.text() };
  });

  it("takes a request without a body for an empty one", async () => {
    const { headers } = signed("no body");
    const answer = await fetchHandler(receiver)(new Request("https://example.com/hooks", { method: "POST", headers }));
    expect(answer.status).toBe(401);
  });
});

describe("a body that was parsed before", () => {
  const server = createServer(withBody((text) => JSON.parse(text)));
  beforeAll(async () => void (await once(server.listen(0, "127.0.0.1"), "listening")));
  afterAll(() => void server.close());

  it("is told of, with what to do, and the webhook comes again", async () => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, signed("o-parsed"));
    expect(answer.status).toBe(500);
    expect(String(errors.at(-1))).toContain("express.raw");
    expect(handled).not.toContain("o-parsed");
  });
});

function takesWebhooks(name: string, send: Send): void {
  it("hands on what is signed, and answers 204 without a body", async () => {
    expect(await send(signed(`o of ${name}`))).toEqual({ status: 204, text: "" });
    expect(handled).toContain(`o of ${name}`);
  });

  it("refuses a changed byte with 401", async () => {
    const { body, ...rest } = signed(`o changed of ${name}`);
    const answer = await send({ ...rest, body: body.replace("order.placed", "order.plaCed") });
    expect(answer).toEqual({ status: 401, text: "no signature matches any key" });
  });

  it("refuses what is larger than may be with 413", async () => {
    expect((await send(signed(`o large of ${name}`, "x".repeat(50_000)))).status).toBe(413);
    expect(handled).not.toContain(`o large of ${name}`);
  });
}
