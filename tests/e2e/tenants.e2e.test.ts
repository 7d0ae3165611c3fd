import { once } from "node:events";
import type { ApiKey, Delivery, Endpoint, Event, Operation, Partner } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { WebSocket } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiClient } from "./rig/api-client.ts";
import { order } from "./rig/orders.ts";
import { always } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

/** Two partners of one tenant, both subscribed to everything: each gets its own, and what its grant allows. */

const shop = useShopStack({ apps: { "webhook-dispatcher": 2 } });

interface Party {
  name: string;
  id: string;
  api: ApiClient;
  endpoint: Endpoint;
  /** Ids of events that came by Server-Sent Events and by WebSocket, from before the first of them. */
  bySse: string[];
  bySocket: string[];
}

let left: Party;
let right: Party;

async function party(name: string, events: string[]): Promise<Party> {
  const { api, stack, receiver } = shop();
  const { body: partner } = await api.ask<Partner>("POST", "/partners", { name, grant: { events } });
  const scopes = ["operations:write", "operations:read", "endpoints:write", "endpoints:read"];
  const { body: key } = await api.ask<ApiKey>("POST", "/api-keys", { name, scopes, partner: partner.id });
  const own = new ApiClient({ url: stack.url, apiKey: key.key ?? "" });
  const endpoint = await own.createEndpoint({ url: receiver.partner(name), events: ["**"] });
  const streams = await listening(key.key ?? "");
  return { name, id: partner.id, api: own, endpoint, ...streams };
}

const stopping = new AbortController();
afterAll(() => stopping.abort());

/** Both streams of the feed, open until the tests have ended. */
async function listening(key: string): Promise<Pick<Party, "bySse" | "bySocket">> {
  const { url } = shop().stack;
  const [bySse, bySocket]: [string[], string[]] = [[], []];
  const headers = { authorization: `Bearer ${key}`, accept: "text/event-stream" };
  const answer = await fetch(`${url}/v1/events`, { headers, signal: stopping.signal });
  expect(answer.status).toBe(200);
  void (async () => {
    let text = "";
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString("utf8");
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const id = /^data: ?\{"id":"([0-9a-f-]{36})"/.exec(line)?.[1];
        if (id !== undefined) bySse.push(id);
      }
    }
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) bySse.push(`the stream broke: ${String(error)}`);
  });
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, { headers });
  stopping.signal.addEventListener("abort", () => socket.close());
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "subscribe", subscription: "all" }));
  const subscribed = once(socket, "message");
  socket.addEventListener("message", ({ data }) => {
    const id = /"event":\{"id":"([0-9a-f-]{36})"/.exec(String(data))?.[1];
    if (id !== undefined) bySocket.push(id);
  });
  await subscribed;
  return { bySse, bySocket };
}

beforeAll(async () => {
  const { api, receiver } = shop();
  await api.createEndpoint({ url: receiver.partner("tenant"), events: ["**"] });
  left = await party("left", ["**"]);
  right = await party("right", ["**"]);
});

const idsAt = (name: string): string[] =>
  shop()
    .receiver.of(name)
    .map(({ webhookId }) => webhookId);

const ended = (api: ApiClient, id: string): Promise<Operation> =>
  eventually(async () => {
    const operation = await api.operation(id);
    expect(operation.completedAt).toBeDefined();
    return operation;
  });

const eventsOf = async (api: ApiClient, id: string): Promise<Event[]> =>
  (await api.ask<{ data: Event[] }>("GET", `/operations/${id}/events`)).body.data;

/** All that was told before has been told to whoever it is for: this goes the same way behind it, to everyone. */
async function afterAllBefore(): Promise<string[]> {
  const ids: string[] = [];
  // One for each partition.
  for (let at = 0; at < 24; at += 1) {
    ids.push((await shop().api.publish({ type: "mark.set", entity: { type: "mark", id: `m-${at}` }, data: {} })).id);
  }
  await eventually(() => expect(idsAt("tenant")).toEqual(expect.arrayContaining(ids)));
  return ids;
}

describe("an order that a partner submits", () => {
  let placed: Operation;
  let told: Event[];

  beforeAll(async () => {
    placed = await ended(left.api, (await left.api.accepted("order.place", order("o-left"))).id);
    told = await eventsOf(shop().api, placed.id);
    await eventually(() => expect(idsAt("left")).toEqual(expect.arrayContaining(told.map(({ id }) => id))));
  });

  test("is told to that partner and to the tenant, by webhook and by list", async () => {
    expect(told.map(({ type }) => type)).toEqual(["order.placed", "operation.succeeded"]);
    expect(await eventsOf(left.api, placed.id)).toEqual(told);
    const ids = told.map(({ id }) => id);
    await eventually(() => {
      for (const got of [idsAt("tenant"), left.bySse, left.bySocket]) expect(got).toEqual(expect.arrayContaining(ids));
    });
    const page = await left.api.ask<{ data: Event[] }>("GET", "/events?limit=200");
    expect(page.body.data.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });

  test("is never told to the other partner, and is not there for it", async () => {
    const marks = await afterAllBefore();
    const ids = new Set(told.map(({ id }) => id));
    await eventually(() => {
      for (const got of [idsAt("right"), right.bySse, right.bySocket])
        expect(got).toEqual(expect.arrayContaining(marks));
    });
    for (const got of [idsAt("right"), right.bySse, right.bySocket]) {
      expect(got.filter((id) => ids.has(id))).toEqual([]);
    }
    const page = await right.api.ask<{ data: Event[] }>("GET", "/events?limit=200");
    expect(page.body.data.filter(({ id }) => ids.has(id))).toEqual([]);
    const operation = await right.api.ask("GET", `/events?entity=${encodeURIComponent("order:o-left")}&limit=200`);
    expect(operation.body).toMatchObject({ data: [] });
    for (const path of ["", "/events"]) {
      expect([404, 503]).toContain((await right.api.ask("GET", `/operations/${placed.id}${path}`)).status);
    }
    const deliveries = await right.api.deliveriesOf(right.endpoint.id);
    expect(deliveries.filter(({ eventId }) => ids.has(eventId))).toEqual([]);
    expect((await right.api.ask("GET", `/endpoints/${left.endpoint.id}/deliveries`)).status).toBe(404);
  });

  test("is not in a replay of the other partner's", async () => {
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const replay = { since, events: ["order.*", "operation.*"], dryRun: true };
    const path = (of: Party) => `/endpoints/${of.endpoint.id}/replays`;
    expect((await left.api.ask<{ count: number }>("POST", path(left), replay)).body).toMatchObject({ count: 2 });
    expect((await right.api.ask<{ count: number }>("POST", path(right), replay)).body).toMatchObject({ count: 0 });
    expect((await right.api.ask("POST", path(left), replay)).status).toBe(404);
  });
});

describe("an event of the tenant", () => {
  test("is told to every partner whose grant allows it, and a changed grant works for the next one", async () => {
    const publish = async () => (await shop().api.publish({ type: "invoice.sent", data: { n: 1 } })).id;
    const first = await publish();
    await eventually(() => {
      expect(idsAt("left")).toContain(first);
      expect(idsAt("right")).toContain(first);
    });
    const grant = { events: ["order.*"] };
    expect((await shop().api.ask("PATCH", `/partners/${right.id}`, { grant })).status).toBe(200);
    // Every dispatcher goes by it once that is answered.
    const later = await Promise.all([publish(), publish(), publish()]);
    await eventually(() => expect(idsAt("left")).toEqual(expect.arrayContaining(later)));
    await eventually(() => expect(idsAt("tenant")).toEqual(expect.arrayContaining(later)));
    const deliveries: Delivery[] = await right.api.deliveriesOf(right.endpoint.id);
    expect(deliveries.filter(({ eventId }) => later.includes(eventId))).toEqual([]);
    expect(idsAt("right").filter((id) => later.includes(id))).toEqual([]);
  });
});

test("what waits for a further attempt is not sent to a partner whose grant allows it no more", async () => {
  const { api, receiver } = shop();
  const waiting = await party("waiting", ["slow.*"]);
  receiver.partner("waiting", always({ status: 503 }));
  expect(
    (await waiting.api.ask("PATCH", `/endpoints/${waiting.endpoint.id}`, { retrySchedule: [1, 2, 2] })).status,
  ).toBe(200);
  const { id } = await api.publish({ type: "slow.happened", data: {} });
  await eventually(() => expect(idsAt("waiting")).toContain(id));
  expect((await api.ask("PATCH", `/partners/${waiting.id}`, { grant: { events: [] } })).status).toBe(200);
  const [delivery] = await eventually(async () => {
    const deliveries = await waiting.api.deliveriesOf(waiting.endpoint.id);
    expect(deliveries).toMatchObject([{ status: "discarded", reason: "not-granted" }]);
    return deliveries;
  });
  expect(delivery?.eventId).toBe(id);
});

test("a key that is revoked is refused within a second", async () => {
  const { api, stack } = shop();
  const { body } = await api.ask<ApiKey>("POST", "/api-keys", { name: "short", scopes: ["endpoints:read"] });
  const short = new ApiClient({ url: stack.url, apiKey: body.key ?? "" });
  expect((await short.ask("GET", "/endpoints")).status).toBe(200);
  const atMs = performance.now();
  expect((await api.ask("DELETE", `/api-keys/${body.id}`)).status).toBe(204);
  await eventually(async () => expect((await short.ask("GET", "/endpoints")).status).toBe(401), { intervalMs: 20 });
  expect(performance.now() - atMs).toBeLessThan(2_000);
});
