import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import { Chains, ended } from "./rig/chains.ts";
import { Orders, order } from "./rig/orders.ts";
import { bothOwn, oneOwns } from "./rig/owners.ts";
import { partitions, useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ apps: { processor: 2 } });
const partners = ["partner"];
beforeAll(async () => {
  const { api, receiver } = shop();
  await api.createEndpoint({ url: receiver.partner("partner"), events: ["**"] });
});

const chains = (name: string): Chains => new Chains(shop(), name, 2 * partitions);

/** An order that is declined, then placed, then cancelled: each can only end so after the one before it. */
async function orderOverAndOver(orderId: string): Promise<string[]> {
  const { api } = shop();
  const items = [{ sku: "scarce", quantity: 1 }];
  const declined = await api.accepted("order.place", order(orderId, { items, paymentToken: "tok_declined" }));
  const placed = await api.accepted("order.place", order(orderId, { items }));
  const cancelled = await api.accepted("order.cancel", { orderId });
  return [declined.id, placed.id, cancelled.id];
}

const statusesOf = async (ids: readonly string[]): Promise<string[]> =>
  (await Promise.all(ids.map((id) => ended(shop(), id)))).map(({ status }) => status);

test("operations of one entity run in order, once each, while a processor is killed and partitions move", async () => {
  await bothOwn(shop());
  const all = chains("killed");
  await all.submit(8);
  const orderIds = Array.from({ length: 6 }, (_, index) => `o-killed-${index}`);
  await ended(shop(), (await shop().api.accepted("stock.adjust", { sku: "scarce", delta: orderIds.length })).id);
  const orders = Promise.all(orderIds.map(orderOverAndOver));
  const victim = shop().app("processor", 1);
  victim.kill("SIGKILL");
  await victim.waitForExit();
  await all.submit(6);
  victim.start();
  await all.submit(6);
  await all.expectInOrder();
  for (const ids of await orders) expect(await statusesOf(ids)).toEqual(["failed", "succeeded", "succeeded"]);
  await victim.ready();
});

/** Orders whose payment takes two seconds, once all of them are at it. */
async function ordersBeingPaid(count: number): Promise<Orders> {
  const orders = new Orders(shop(), "zombie", partners);
  await Promise.all(Array.from({ length: count }, () => orders.write({ paymentToken: "tok_slow" })));
  await eventually(async () => {
    const shown = await Promise.all(orders.told.map(({ id }) => shop().api.operation(id)));
    expect(new Set(shown.map(({ step }) => step))).toEqual(new Set(["charge-payment"]));
  });
  return orders;
}

test("a processor that wakes up after another took its partitions adds no second effect, and the order is kept", async () => {
  await bothOwn(shop());
  const all = chains("zombie");
  await all.submit(3);
  const orders = await ordersBeingPaid(4 * partitions);
  const zombie = shop().app("processor", 0);
  // As a machine that hangs: with steps under way, and transactions open.
  const submitted = all.submit(5);
  zombie.kill("SIGSTOP");
  try {
    await Promise.all([submitted, oneOwns(shop())]);
  } finally {
    zombie.kill("SIGCONT");
  }
  await all.submit(4);
  await bothOwn(shop());
  await all.submit(4);
  await all.expectInOrder();
  await eventually(async () => expect(await orders.faults()).toEqual([]), { intervalMs: 500 });
});
