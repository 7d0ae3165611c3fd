import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import { duplicatesIn } from "./rig/check-ledger.ts";
import { Orders, order } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

/** The first processor owns the operations, the second carries the queue of their payments and nothing else. */
const carried = ["commands", "payments"] as const;
const shop = useShopStack({
  apps: { processor: carried.length },
  envOf: (name, index) => (name === "processor" ? { PROCESSOR_QUEUES: carried[index] ?? "" } : {}),
});
const worker = () => shop().app("processor", 1);
const partner = "all";
/** An article of its own: those that the shop begins with are the load's alone. */
const sku = "sku-queue";
const queued = (orderId: string) => order(orderId, { items: [{ sku, quantity: 1 }] });

beforeAll(async () => {
  const { api, receiver } = shop();
  await api.createEndpoint({ url: receiver.partner(partner), events: ["**"] });
  await api.accepted("stock.adjust", { sku, delta: 10 });
});

test("an order whose payment another process carries is placed", async () => {
  const { api } = shop();
  const { body } = await api.submit("order.place", queued("queued-1"));
  await eventually(async () => expect(await api.operation(body.id)).toMatchObject({ status: "succeeded" }));
});

test("without a worker a payment waits in its queue and holds its entity alone; it is cancelled at once, unpaid", async () => {
  const { api, payments } = shop();
  worker().kill("SIGTERM");
  await worker().waitForExit();
  const waiting = await api.submit("order.place", queued("queued-2"));
  const adjusted = await api.submit("stock.adjust", { sku, delta: 5 });
  await eventually(async () => expect(await api.operation(adjusted.body.id)).toMatchObject({ status: "succeeded" }));
  await eventually(async () => expect(await api.operation(waiting.body.id)).toMatchObject({ step: "charge-payment" }));
  expect((await api.ask("POST", `/operations/${waiting.body.id}/cancel`)).status).toBe(202);
  await eventually(async () =>
    expect(await api.operation(waiting.body.id)).toMatchObject({ status: "cancelled", error: { rolledBack: true } }),
  );
  worker().start();
  await worker().ready();
  const next = await api.submit("order.place", queued("queued-3"));
  await eventually(async () => expect(await api.operation(next.body.id)).toMatchObject({ status: "succeeded" }));
  expect(payments.charges().map(({ orderId }) => orderId)).not.toContain("queued-2");
});

test("kill -9 of the worker under load: every payment is made once, and all operations end once", async () => {
  const orders = new Orders(shop(), "queued", [partner]);
  const before = duplicatesIn(orders.ledger());
  await orders.load(50, 4, async () => {
    await eventually(() => expect(orders.told.length).toBeGreaterThan(50));
    worker().kill("SIGKILL");
    await worker().waitForExit();
    worker().start();
  });
  await worker().ready();
  await eventually(async () => expect(await orders.faults()).toEqual([]), { timeoutMs: 40_000, intervalMs: 500 });
  expect(orders.unanswered).toBe(0);
  expect(duplicatesIn(orders.ledger()) - before).toBe(0);
});
