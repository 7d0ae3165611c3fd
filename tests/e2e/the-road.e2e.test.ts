import type { Delivery, Endpoint, Operation, WebhookBody } from "@postback/contracts";
import { deliveryId, LIVE } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { beforeAll, describe, expect, test } from "vitest";
import { order, takenOf } from "./rig/orders.ts";
import type { Received } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();
let partner: Endpoint & { secret: string };

beforeAll(async () => {
  const { api, receiver } = shop();
  partner = await api.createEndpoint({ url: receiver.partner("partner"), events: ["**"] });
});

const ended = (id: string): Promise<Operation> =>
  eventually(async () => {
    const operation = await shop().api.operation(id);
    expect(operation.completedAt).toBeDefined();
    return operation;
  });

const bodyOf = ({ body }: Received): WebhookBody => JSON.parse(body.toString("utf8")) as WebhookBody;

/** The webhooks of an operation, once all of these types have come. */
const toldOf = (id: string, types: readonly string[]): Promise<Received[]> =>
  eventually(() => {
    const told = shop()
      .receiver.of("partner")
      .filter((received) => bodyOf(received).operation?.id === id);
    expect(told.map((received) => bodyOf(received).type).sort()).toEqual([...types].sort());
    return told;
  });

const taken = async (sku: string): Promise<number> => (await takenOf(shop().db)).get(sku) ?? 0;

const deliveryOf = (eventId: string): Promise<Delivery> =>
  eventually(async () => {
    const { api } = shop();
    const delivery = await api.delivery(deliveryId({ eventId, endpointId: partner.id, replayId: LIVE }));
    expect(delivery.status).toBe("delivered");
    return delivery;
  });

describe("an order that is placed", () => {
  test("is answered at once, done in three steps, and told by two signed webhooks", async () => {
    const answer = await shop().api.submit(
      "order.place",
      order("o-placed", { items: [{ sku: "sku-1", quantity: 3 }] }),
    );
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`/v1/operations/${answer.body.id}`);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    const operation = await ended(answer.body.id);
    expect(operation).toMatchObject({ status: "succeeded", result: { orderId: "o-placed" } });
    expect(operation.steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
      ["reserve-stock", "succeeded", 1],
      ["charge-payment", "succeeded", 1],
      ["confirm-order", "succeeded", 1],
    ]);
    const told = await toldOf(operation.id, ["order.placed", "operation.succeeded"]);
    expect(told.map(bodyOf)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          entity: { type: "order", id: "o-placed" },
          operation: { id: operation.id, type: "order.place" },
          data: expect.objectContaining({ orderId: "o-placed", amount: 4200 }),
        }),
      ]),
    );
    expect(await taken("sku-1")).toBe(3);
  });

  test.each([
    ["standardwebhooks", () => new Webhook(partner.secret)],
    // Its `verify` tells nothing but by throwing.
    ["svix", () => new SvixWebhook(partner.secret)],
  ])("is verified by the library %s as it is, and a changed byte is not", async (library, verifier) => {
    const { id } = await shop().api.accepted("order.place", order(`o-verified-by-${library}`));
    for (const { headers, body } of await toldOf(id, ["order.placed", "operation.succeeded"])) {
      const text = body.toString("utf8");
      expect(() => verifier().verify(text, headers)).not.toThrow();
      expect(() => verifier().verify(text.replace("order", "0rder"), headers)).toThrow(/signature/i);
    }
  });

  test("is placed in spite of a payment service that fails twice", async () => {
    const { id } = await shop().api.accepted("order.place", order("o-flaky", { paymentToken: "tok_flaky" }));
    const operation = await ended(id);
    expect(operation.status).toBe("succeeded");
    // One quick retry belongs to the first attempt, whose answer is a 503 too.
    expect(operation.steps.map(({ attempts }) => attempts)).toEqual([1, 2, 1]);
    expect(
      shop()
        .payments.charges()
        .filter(({ orderId }) => orderId === "o-flaky"),
    ).toHaveLength(1);
  });
});

test("orders at the same time for an article that nobody has asked for yet are all placed", async () => {
  const { api } = shop();
  const firsts = Array.from({ length: 8 }, (_, index) =>
    api.accepted("order.place", order(`o-first-${index}`, { items: [{ sku: "sku-9", quantity: 1 }] })),
  );
  const operations = await Promise.all(firsts.map(async (first) => ended((await first).id)));
  expect(operations.map(({ status, error }) => error?.code ?? status)).toEqual(firsts.map(() => "succeeded"));
  expect(await taken("sku-9")).toBe(firsts.length);
});

describe("an order that can't be placed", () => {
  test("is rolled back when the card is declined: its stock is back, and partners are told", async () => {
    const declined = order("o-declined", { paymentToken: "tok_declined", items: [{ sku: "sku-4", quantity: 5 }] });
    const operation = await ended((await shop().api.accepted("order.place", declined)).id);
    expect(operation).toMatchObject({
      status: "failed",
      error: { code: "card-declined", step: "charge-payment", rolledBack: true },
    });
    expect(await taken("sku-4")).toBe(0);
    const told = await toldOf(operation.id, ["order.rejected", "operation.failed"]);
    const rejected = told.map(bodyOf).find(({ type }) => type === "order.rejected");
    expect(rejected?.data).toMatchObject({ orderId: "o-declined", reason: { code: "card-declined" } });
  });

  test("of a customer whom the shop blocks gives back the money and the stock", async () => {
    const blocked = order("o-blocked", { customerId: "blocked", items: [{ sku: "sku-5", quantity: 2 }] });
    const operation = await ended((await shop().api.accepted("order.place", blocked)).id);
    expect(operation).toMatchObject({
      status: "failed",
      error: { code: "customer-blocked", step: "confirm-order", rolledBack: true },
    });
    const charges = shop().payments.charges();
    expect(charges.filter(({ orderId }) => orderId === "o-blocked")).toMatchObject([{ isRefunded: true }]);
    expect(await taken("sku-5")).toBe(0);
    await toldOf(operation.id, ["order.rejected", "operation.failed"]);
  });
});

describe("a direct event", () => {
  test("is brought as it was answered, and its delivery shows the attempt", async () => {
    const { api, receiver } = shop();
    const event = await api.publish({ type: "stock.low", entity: { type: "sku", id: "sku-1" }, data: { left: 3 } });
    const delivery = await deliveryOf(event.id);
    const told = receiver.of("partner").filter(({ webhookId }) => webhookId === event.id);
    expect(told.map(bodyOf)).toEqual([
      { type: event.type, timestamp: event.timestamp, entity: event.entity, data: event.data },
    ]);
    expect(delivery).toMatchObject({
      eventId: event.id,
      eventType: "stock.low",
      endpointId: partner.id,
      attempts: [{ number: 1, outcome: "accepted", status: 204 }],
    });
  });

  test("that is posted right after the 201 of an endpoint reaches it", async () => {
    const { api, receiver } = shop();
    for (const round of [1, 2, 3, 4, 5]) {
      const name = `newcomer-${round}`;
      await api.createEndpoint({ url: receiver.partner(name), events: ["newcomer.*"] });
      const { id } = await api.publish({ type: "newcomer.greeted", data: {} });
      await eventually(() => expect(receiver.of(name).map(({ webhookId }) => webhookId)).toEqual([id]));
    }
  });
});
