import type { Operation } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import { Orders, order } from "./rig/orders.ts";
import { partitions, useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ apps: { processor: 2 } });
const partners = ["partner"];
/** The session timeout of the group is 10 s: then the others get what a silent member had. */
const takeOverMaxMs = 25_000;

beforeAll(async () => {
  const { api, receiver } = shop();
  await api.createEndpoint({ url: receiver.partner("partner"), events: ["**"] });
});

/** The partitions of each processor that was ever an owner. */
async function partitionsByOwner(): Promise<Map<string, number[]>> {
  const { rows } = await shop().db.query<{ owner: string; partition: number }>(
    "SELECT owner, partition FROM partition_owners ORDER BY partition",
  );
  return new Map(
    [...Map.groupBy(rows, ({ owner }) => owner)].map(([owner, of]) => [owner, of.map((r) => r.partition)]),
  );
}

const bothOwn = (): Promise<void> =>
  eventually(
    async () => {
      const owners = await partitionsByOwner();
      expect([...owners.values()].map((owned) => owned.length)).toEqual([partitions / 2, partitions / 2]);
    },
    { timeoutMs: takeOverMaxMs },
  );

const oneOwns = (): Promise<void> =>
  eventually(async () => expect((await partitionsByOwner()).size).toBe(1), { timeoutMs: takeOverMaxMs });

/** Deltas whose running sums are all different, so that each result tells its place in the order. */
const deltas = Array.from({ length: 20 }, (_, index) => index + 1);

/** Adjusts the stock of one article step by step, waiting for each answer: the log has them in this order. */
class Chain {
  readonly ids: string[] = [];
  readonly #sku: string;
  constructor(sku: string) {
    this.#sku = sku;
  }

  async submit(count: number): Promise<void> {
    for (const delta of deltas.slice(this.ids.length, this.ids.length + count)) {
      this.ids.push((await shop().api.accepted("stock.adjust", { sku: this.#sku, delta })).id);
    }
  }

  /** The quantities that the operations saw, which are the running sums when each came once and in order. */
  async expectInOrder(): Promise<void> {
    const operations = await Promise.all(this.ids.map(ended));
    let sum = 0;
    const sums = deltas.slice(0, this.ids.length).map((delta) => (sum += delta));
    expect(operations.map(({ result }) => (result as { quantity: number } | undefined)?.quantity)).toEqual(sums);
    const { rows } = await shop().db.query("SELECT quantity FROM shop.stock WHERE sku = $1", [this.#sku]);
    expect(rows).toEqual([{ quantity: sum }]);
  }
}

const ended = (id: string): Promise<Operation> =>
  eventually(
    async () => {
      const operation = await shop().api.operation(id);
      expect(operation.completedAt).toBeDefined();
      return operation;
    },
    { timeoutMs: takeOverMaxMs, intervalMs: 200 },
  );

const chains = (name: string): Chain[] =>
  Array.from({ length: 2 * partitions }, (_, index) => new Chain(`${name}-${index}`));
const submitAll = (all: readonly Chain[], count: number): Promise<unknown> =>
  Promise.all(all.map((chain) => chain.submit(count)));
const expectAllInOrder = (all: readonly Chain[]): Promise<unknown> =>
  Promise.all(all.map((chain) => chain.expectInOrder()));

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
  (await Promise.all(ids.map(ended))).map(({ status }) => status);

test("operations of one entity run in order, once each, while a processor is killed and partitions move", async () => {
  await bothOwn();
  const all = chains("killed");
  await submitAll(all, 8);
  const orderIds = Array.from({ length: 6 }, (_, index) => `o-killed-${index}`);
  await ended((await shop().api.accepted("stock.adjust", { sku: "scarce", delta: orderIds.length })).id);
  const orders = Promise.all(orderIds.map(orderOverAndOver));
  const victim = shop().app("processor", 1);
  victim.kill("SIGKILL");
  await victim.waitForExit();
  await submitAll(all, 6);
  victim.start();
  await submitAll(all, 6);
  await expectAllInOrder(all);
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
  await bothOwn();
  const all = chains("zombie");
  await submitAll(all, 3);
  const orders = await ordersBeingPaid(4 * partitions);
  const zombie = shop().app("processor", 0);
  // As a machine that hangs: with steps under way, and transactions open.
  const submitted = submitAll(all, 5);
  zombie.kill("SIGSTOP");
  try {
    await Promise.all([submitted, oneOwns()]);
  } finally {
    zombie.kill("SIGCONT");
  }
  await submitAll(all, 4);
  await bothOwn();
  await submitAll(all, 4);
  await expectAllInOrder(all);
  await eventually(async () => expect(await orders.faults()).toEqual([]), { intervalMs: 500 });
});
