import type { Delivery, Endpoint, Problem } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConnectProxy } from "./rig/connect-proxy.ts";
import { inTurn, type Received, type Script } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const origin = "webhooks.example.com";
let proxy: ConnectProxy;
// Before the stack, which is told where it is.
beforeAll(async () => {
  proxy = await ConnectProxy.start();
});
afterAll(() => proxy[Symbol.asyncDispose]());

const shop = useShopStack({
  envOf: (name) => (name === "webhook-dispatcher" ? { EGRESS_PROXY: proxy.url, WEBHOOK_ORIGIN: origin } : {}),
});

const verified = (secret: string, { headers, body }: Received) => new Webhook(secret).verify(body, { ...headers });
const webhooksOf = (name: string) =>
  shop()
    .receiver.of(name)
    .filter(({ webhookId }) => webhookId !== "");
const received = (name: string, count = 1): Promise<readonly Received[]> =>
  eventually(() => {
    expect(webhooksOf(name)).toHaveLength(count);
    return webhooksOf(name);
  });

describe("a test event", () => {
  test("goes to that endpoint alone, signed, through the proxy, and is seen with its attempt", async () => {
    const { api, receiver } = shop();
    const everything = await api.createEndpoint({ url: receiver.partner("everything"), events: ["**"] });
    const tested = await api.createEndpoint({ url: receiver.partner("tested"), events: ["order.placed"] });
    const answer = await api.ask<Delivery>("POST", `/endpoints/${tested.id}/test`);
    expect(answer).toMatchObject({ status: 202, body: { endpointId: tested.id, eventType: "endpoint.test" } });
    const [webhook] = await received("tested");
    expect(webhook && verified(tested.secret, webhook)).toMatchObject({
      type: "endpoint.test",
      data: { endpointId: tested.id },
    });
    expect(webhook?.webhookId).toBe(answer.body.eventId);
    expect(answer.headers.get("location")).toBe(`/v1/deliveries/${answer.body.id}`);
    const delivery = await eventually(() => api.delivery(answer.body.id));
    expect(delivery).toMatchObject({
      status: "delivered",
      attempts: [{ number: 1, outcome: "accepted", status: 204 }],
    });
    // What is published afterwards comes, so what should not have come would be there by now.
    await api.publish({ type: "order.placed", data: {} });
    const [first] = await received("everything");
    expect(first && verified(everything.secret, first)).toMatchObject({ type: "order.placed" });
    const target = new URL(tested.url).host;
    expect(proxy.asked).toContainEqual({ target, authorization: `Basic ${btoa("user:pass")}` });
  });

  test("is refused for an endpoint that is disabled or isn't there", async () => {
    const { api, receiver } = shop();
    const off = await api.createEndpoint({ url: receiver.partner("off"), events: ["**"], enabled: false });
    const refused = await api.ask<Problem>("POST", `/endpoints/${off.id}/test`);
    expect([refused.status, refused.body.type.split("/").at(-1)]).toEqual([409, "endpoint-disabled"]);
    const unknown = off.id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    expect((await api.ask("POST", `/endpoints/${unknown}/test`)).status).toBe(404);
    expect(receiver.of("off")).toEqual([]);
  });
});

describe("CloudEvents", () => {
  test.each(["cloudevents-structured", "cloudevents-binary"] as const)(
    "%s: signed as any webhook, read by the official SDK, the same at each attempt",
    async (format) => {
      const { api, receiver } = shop();
      const script = inTurn({ status: 500 }, { status: 204 });
      const headers = { "X-Team": "blue", "Content-Type": "text/plain" };
      const { secret } = await api.createEndpoint({
        url: receiver.partner(format, script),
        events: ["note.taken"],
        format,
        headers,
        retrySchedule: [1],
      });
      const data = { text: `written for ${format}` };
      const event = await api.publish({ type: "note.taken", entity: { type: "note", id: "n 1" }, data });
      const attempts = await received(format, 2);
      for (const webhook of attempts) {
        verified(secret, webhook);
        const read = HTTP.toEvent({ headers: webhook.headers, body: webhook.body.toString() }) as CloudEvent<unknown>;
        expect(new CloudEvent(read, true).validate()).toBe(true);
        expect(read).toMatchObject({ id: event.id, type: "note.taken", time: event.timestamp, data });
        expect(decodeURIComponent(read.subject ?? "")).toBe("note:n 1");
        expect(webhook).toMatchObject({ webhookId: event.id, headers: { "x-team": "blue" } });
      }
      expect(attempts[0]?.body.equals(attempts[1]?.body ?? Buffer.alloc(0))).toBe(true);
    },
  );
});

describe("an endpoint whose receiver is asked first", () => {
  const isAsked = ({ headers }: Received) => headers["webhook-request-origin"] === origin;
  const agreeing =
    (allowed: string): Script =>
    (request) =>
      isAsked(request)
        ? { status: 200, headers: { "webhook-allowed-origin": allowed, "webhook-allowed-rate": "600" } }
        : { status: 204 };
  const settledAs = (id: string, expected: object): Promise<Endpoint> =>
    eventually(async () => {
      const endpoint = await shop().api.endpoint(id);
      expect(endpoint).toMatchObject(expected);
      return endpoint;
    });

  test("gets events once it has agreed, at the rate that it allows, with Origin", async () => {
    const { api, receiver } = shop();
    const url = receiver.partner("agreeing", agreeing(origin));
    const created = await api.createEndpoint({ url, events: ["late.*"], handshake: true });
    expect(created).toMatchObject({ enabled: false, disabledReason: "unverified", handshake: { status: "pending" } });
    const endpoint = await settledAs(created.id, { enabled: true, handshake: { status: "verified", attempts: 1 } });
    expect(endpoint.rateLimit).toEqual({ perSecond: 10 });
    // Dispatchers match with it within a second, and what was published before isn't for it.
    const published: string[] = [];
    await eventually(async () => {
      published.push((await api.publish({ type: "late.news", data: {} })).id);
      expect(webhooksOf("agreeing")).not.toEqual([]);
    });
    const [webhook] = webhooksOf("agreeing");
    expect(webhook?.headers["origin"]).toBe(origin);
    expect(published).toContain(webhook?.webhookId);
    expect(webhook && verified(created.secret, webhook)).toMatchObject({ type: "late.news" });
  });

  test("gets nothing when it agrees to somebody else, and says why", async () => {
    const { api, receiver } = shop();
    const url = receiver.partner("refusing", agreeing("others.example.com"));
    const { id } = await api.createEndpoint({ url, events: ["**"], handshake: true });
    const reason = expect.stringContaining("WebHook-Allowed-Origin");
    await settledAs(id, { enabled: false, handshake: { status: "pending", reason } });
    expect((await api.ask("POST", `/endpoints/${id}/test`)).status).toBe(409);
    // Enabling it doesn't: it is asked again.
    const { body } = await api.ask<Endpoint>("PATCH", `/endpoints/${id}`, { enabled: true });
    expect(body).toMatchObject({ enabled: false, disabledReason: "unverified" });
    await eventually(() => expect(receiver.of("refusing").length).toBeGreaterThan(1));
    expect(receiver.of("refusing").every(isAsked)).toBe(true);
  });

  test("isn't created enabled or disabled at the client's will", async () => {
    const settings = { url: shop().receiver.partner("both"), events: ["**"], enabled: true, handshake: true };
    expect((await shop().api.ask("POST", "/endpoints", settings)).status).toBe(422);
  });
});
