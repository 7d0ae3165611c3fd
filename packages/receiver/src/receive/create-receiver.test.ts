import type { WebhookBody } from "@postback/contracts";
import { generateSecret, parseSecret, signWebhook } from "@postback/domain";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { KeySource } from "../verify/verifying-key.ts";
import { parseKey } from "../verify/verifying-key.ts";
import type { EventOf, WebhookEvent } from "../webhook-event.ts";
import { createReceiver, type Delivery, type ReceiverOptions } from "./create-receiver.ts";
import { memoryStore } from "./received-store.ts";

// Types, not interfaces with methods: what a catalog's events are.
type Events = { "order.placed": { orderId: string }; "stock.low": { sku: string; left: number } };

const secret = generateSecret();

function webhook(
  event: object | string,
  { id = "e1", headers = {}, by = secret }: { id?: string; headers?: object; by?: string } = {},
) {
  const key = parseSecret(by);
  if (key === undefined) throw new Error("not a secret");
  const body = typeof event === "string" ? event : JSON.stringify(event);
  const timestampSeconds = Math.floor(Date.now() / 1000);
  return {
    body,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": signWebhook({ id, timestampSeconds, body, secrets: [key] }),
      ...headers,
    },
  };
}

const placed = (orderId: string) => ({
  type: "order.placed",
  timestamp: "2026-11-24T09:30:00.000Z",
  data: { orderId },
});

/** A receiver that keeps what it handled and what it was told of. */
function receiving(given: Partial<ReceiverOptions<Events>> = {}) {
  const seen = { handled: [] as string[], deliveries: [] as Delivery[], errors: [] as unknown[] };
  const receiver = createReceiver<Events>({
    keys: secret,
    store: memoryStore(),
    on: {
      "order.placed": ({ data }, delivery) => {
        seen.handled.push(data.orderId);
        seen.deliveries.push(delivery);
      },
    },
    onError: (error) => seen.errors.push(error),
    ...given,
  });
  return { receiver, seen };
}

describe("a receiver", () => {
  it("gives an event to the handler of its type, with how it came", async () => {
    const { receiver, seen } = receiving();
    const headers = { "postback-attempt": "2", "postback-replay": "r1" };
    expect(await receiver.receive(webhook(placed("o-1"), { headers }))).toEqual({ status: 204, body: "" });
    expect(seen.handled).toEqual(["o-1"]);
    expect(seen.deliveries).toEqual([{ webhookId: "e1", attempt: 2, replayId: "r1", tx: undefined }]);
  });

  it("accepts events of other types, and gives them to `otherwise`", async () => {
    const others: string[] = [];
    const { receiver, seen } = receiving({ otherwise: ({ type }) => void others.push(type) });
    for (const type of ["stock.low", "constructor", "toString"]) {
      expect((await receiver.receive(webhook({ ...placed("x"), type }, { id: type }))).status).toBe(204);
    }
    expect(others).toEqual(["stock.low", "constructor", "toString"]);
    expect((await receiving().receiver.receive(webhook({ ...placed("x"), type: "toString" }))).status).toBe(204);
    expect(seen.handled).toEqual([]);
  });

  it("does each event once, also when it comes twice at the same time", async () => {
    const { receiver, seen } = receiving();
    const answers = await Promise.all([1, 2, 3].map(() => receiver.receive(webhook(placed("o-1")))));
    answers.push(await receiver.receive(webhook(placed("o-1"))));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(seen.handled).toEqual(["o-1"]);
  });

  it("does a replay again only where it is asked to, and that once", async () => {
    const replay = () => webhook(placed("o-1"), { headers: { "postback-replay": "r1" } });
    for (const [repeatsReplays, times] of [
      [false, 1],
      [true, 2],
    ] as const) {
      const { receiver, seen } = receiving({ repeatsReplays });
      for (const each of [webhook(placed("o-1")), replay(), replay()]) await receiver.receive(each);
      expect(seen.handled).toHaveLength(times);
    }
  });

  it("answers 500 when a handler throws, tells of it, and does the event when it comes again", async () => {
    const trouble = new Error("the database is away");
    let isAway = true;
    const { receiver, seen } = receiving({
      on: {
        "order.placed": async () => {
          if (isAway) throw trouble;
        },
      },
    });
    expect((await receiver.receive(webhook(placed("o-1")))).status).toBe(500);
    expect(seen.errors).toEqual([trouble]);
    isAway = false;
    expect((await receiver.receive(webhook(placed("o-1")))).status).toBe(204);
  });

  it.each([
    ["another's signature", () => webhook(placed("x"), { by: generateSecret() }), 401],
    ["no signature", () => ({ body: "{}", headers: {} }), 400],
    ["a body that is not JSON", () => webhook("not json"), 400],
    ["a body above the bound", () => webhook({ ...placed("x"), more: "x".repeat(1000) }), 413],
  ])("refuses %s with %3$i and calls nothing", async (_what, make, status) => {
    const { receiver, seen } = receiving({ bodyMaxBytes: 1000 });
    expect((await receiver.receive(make())).status).toBe(status);
    expect(seen).toEqual({ handled: [], deliveries: [], errors: [] });
  });

  it("takes either secret while one is rotated", async () => {
    const next = generateSecret();
    const { receiver } = receiving({ keys: [next, secret] });
    for (const by of [secret, next]) expect((await receiver.receive(webhook(placed("x"), { by }))).status).toBe(204);
  });

  it("asks its key source for newer keys before it refuses a signature", async () => {
    const next = generateSecret();
    const source: KeySource = {
      keys: async () => [parseKey(secret)],
      refreshed: async () => [parseKey(next)],
    };
    const { receiver } = receiving({ keys: source });
    expect((await receiver.receive(webhook(placed("x"), { by: next }))).status).toBe(204);
    expect((await receiver.receive(webhook(placed("x"), { by: generateSecret() }))).status).toBe(401);
  });

  it("can't be made without a key, or with one that can't be read", () => {
    expect(() => receiving({ keys: [] })).toThrow("needs a key");
    expect(() => receiving({ keys: "secret" })).toThrow("whsec_");
  });
});

describe("events", () => {
  it("are typed by their type, and are what the API's contract says", () => {
    expectTypeOf<EventOf<Events>>().toEqualTypeOf<
      WebhookEvent<"order.placed", { orderId: string }> | WebhookEvent<"stock.low", { sku: string; left: number }>
    >();
    // What arrives by the contract is what the receiver's own type says: it has no dependency on the contracts.
    expectTypeOf<keyof WebhookBody>().toEqualTypeOf<keyof WebhookEvent>();
    expectTypeOf<Pick<WebhookBody, "type" | "timestamp" | "data">>().toExtend<
      Omit<WebhookEvent, "entity" | "operation">
    >();
    expectTypeOf<NonNullable<WebhookBody["entity"]>>().toExtend<NonNullable<WebhookEvent["entity"]>>();
    expectTypeOf<NonNullable<WebhookBody["operation"]>>().toExtend<NonNullable<WebhookEvent["operation"]>>();
  });
});

describe("memoryStore", () => {
  it("forgets the oldest beyond its bound", async () => {
    const store = memoryStore({ keysMax: 2 });
    const did: string[] = [];
    for (const key of ["a", "b", "c", "c", "b", "a"]) await store.once(key, async () => void did.push(key));
    expect(did).toEqual(["a", "b", "c", "a"]);
  });
});
