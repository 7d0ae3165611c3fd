import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GroupOffsets } from "./rig/group-offsets.ts";
import { Orders } from "./rig/orders.ts";
import { type ShopStack, useShopStack } from "./rig/shop-stack.ts";

/** The second processor carries the queue of payments alone, so that their steps are in a log of their own. */
const carried = ["commands", "payments"] as const;
const shop = useShopStack({
  apps: { processor: carried.length },
  envOf: (name, index) => (name === "processor" ? { PROCESSOR_QUEUES: carried[index] ?? "" } : {}),
});
const opened = new AsyncDisposableStack();
let offsets: GroupOffsets;
const partner = "partner";

beforeAll(async () => {
  const { api, receiver } = shop();
  offsets = opened.use(await GroupOffsets.of(shop()));
  await api.createEndpoint({ url: receiver.partner(partner), events: ["**"] });
});
afterAll(() => opened.disposeAsync());

const commands = { group: "processor", topic: "commands" };
const payments = { group: "processor.payments", topic: "commands.payments" };
const events = { group: "webhook-dispatcher", topic: "events" };
const groups = [commands, payments, events];
const readers = [
  ["processor", 0],
  ["processor", 1],
  ["webhook-dispatcher", 0],
] as const;

const endMaxMs = 60_000;
const untilRead = () =>
  eventually(
    async () => {
      const behind = await Promise.all(groups.map((each) => offsets.lag(each)));
      expect(behind).toEqual(groups.map(() => 0));
    },
    { timeoutMs: endMaxMs, intervalMs: 200 },
  );

/** All that has an effect, or would show one: what the tables hold, what the provider did, what partners got. */
async function worldOf({ db, payments, receiver }: ShopStack) {
  const rows = async (sql: string) => (await db.query(sql)).rows;
  return {
    operations: await rows("SELECT id, status, version, position, steps, completed_at FROM operations ORDER BY id"),
    events: await rows("SELECT id, number, body FROM events ORDER BY id"),
    deliveries: await rows("SELECT * FROM deliveries ORDER BY event_id, endpoint_id"),
    watermarks: await rows("SELECT * FROM watermarks ORDER BY partition"),
    deadLetters: await rows("SELECT topic FROM dead_letters"),
    orders: await rows("SELECT order_id, status, operation_id FROM shop.orders ORDER BY order_id"),
    stock: await rows("SELECT sku, quantity FROM shop.stock ORDER BY sku"),
    charges: payments.charges(),
    calls: payments.calls,
    webhooks: receiver.of(partner).map(({ webhookId }) => webhookId),
  };
}

test("all logs read again from offset 0 have no second effect: no step, no version, no event, no webhook", async () => {
  const { api, app } = shop();
  const orders = new Orders(shop(), "replayed", [partner]);
  const checkouts = new Orders(shop(), "replayed-checkout", [partner], "order.checkout");
  for (let n = 0; n < 30; n += 1) await orders.write();
  for (let n = 0; n < 10; n += 1) await checkouts.write();
  for (let n = 0; n < 5; n += 1) await orders.publish("stock.counted");
  await eventually(async () => expect([...(await orders.faults()), ...(await checkouts.faults())]).toEqual([]), {
    timeoutMs: endMaxMs,
    intervalMs: 200,
  });
  await untilRead();
  for (const [name, index] of readers) app(name, index).kill("SIGTERM");
  await Promise.all(readers.map(([name, index]) => app(name, index).waitForExit()));
  const before = await worldOf(shop());
  const told = await offsets.length(events.topic);
  const queued = await offsets.length(payments.topic);
  expect([before.webhooks.length, told, queued].every((count) => count > 30)).toBe(true);

  for (const each of groups) await offsets.toBeginning(each);
  expect(await offsets.lag(commands)).toBeGreaterThan(0);
  for (const [name, index] of readers) app(name, index).start();
  await Promise.all(readers.map(([name, index]) => app(name, index).ready()));
  await untilRead();
  expect(await worldOf(shop())).toEqual(before);
  expect([await offsets.length(events.topic), await offsets.length(payments.topic)]).toEqual([told, queued]);

  // They are not deaf: what is new has its effect, once, and nothing of the old comes along with it.
  const { id } = await api.accepted("stock.adjust", { sku: "sku-new", delta: 1 });
  await eventually(async () => expect(await api.operation(id)).toMatchObject({ status: "succeeded" }));
  const { receiver } = shop();
  await eventually(() => expect(receiver.of(partner)).toHaveLength(before.webhooks.length + 1));
});
