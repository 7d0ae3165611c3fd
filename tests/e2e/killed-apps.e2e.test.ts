import type { AppName } from "@postback/local-stack";
import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import { duplicatesIn } from "./rig/check-ledger.ts";
import { Orders } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();
const partners = ["one", "other"];
const writesPerSecond = 100;
const loadSeconds = 6;
/** Longer than the group waits for a member that was killed. */
const settleMaxMs = 40_000;

beforeAll(async () => {
  const { api, receiver } = shop();
  for (const name of partners) await api.createEndpoint({ url: receiver.partner(name), events: ["**"] });
});

/** Kills it in the middle of the load and runs it again; answers how many webhooks had come without a row that says so. */
async function killAndRestart(name: AppName, orders: Orders): Promise<number> {
  const app = shop().app(name);
  await eventually(() => expect(orders.told.length).toBeGreaterThan(writesPerSecond));
  app.kill("SIGKILL");
  await app.waitForExit();
  const unrecorded = await countUnrecorded(orders);
  app.start();
  return unrecorded;
}

async function countUnrecorded(orders: Orders): Promise<number> {
  const { rows } = await shop().db.query<{ event_id: string }>(
    "SELECT event_id FROM deliveries WHERE status = 'delivered'",
  );
  const recorded = Map.groupBy(rows, (row) => row.event_id);
  const arrived = Map.groupBy(orders.ledger().arrivals, ({ webhookId }) => webhookId);
  let unrecorded = 0;
  for (const [id, arrivals] of arrived) {
    const endpoints = new Set(arrivals.map(({ endpoint }) => endpoint)).size;
    unrecorded += Math.max(0, endpoints - (recorded.get(id)?.length ?? 0));
  }
  return unrecorded;
}

/** Under load, through a kill: all that was accepted ends once, takes effect once, and is told. */
async function holdsThrough(name: AppName) {
  const orders = new Orders(shop(), name, partners);
  const before = duplicatesIn(orders.ledger());
  let unrecorded = 0;
  await orders.load(writesPerSecond, loadSeconds, async () => {
    unrecorded = await killAndRestart(name, orders);
  });
  await shop().app(name).ready();
  await eventually(async () => expect(await orders.faults()).toEqual([]), {
    timeoutMs: settleMaxMs,
    intervalMs: 500,
  });
  const duplicates = duplicatesIn(orders.ledger()) - before;
  const told = `${orders.told.length} accepted, ${orders.unanswered} unanswered`;
  console.log(
    `kill -9 of ${name}: ${told}; ${duplicates} webhooks came twice, ${unrecorded} were not recorded at the kill`,
  );
  return { orders, duplicates, unrecorded };
}

test("kill -9 of ingest loses nothing that it had answered, and nothing is done or told twice", async () => {
  const { orders, duplicates } = await holdsThrough("ingest");
  expect(orders.unanswered).toBeGreaterThan(0);
  expect(duplicates).toBe(0);
});

test("kill -9 of the processor: all operations end once, with their effects once, and nothing is told twice", async () => {
  const { orders, duplicates } = await holdsThrough("processor");
  expect(orders.unanswered).toBe(0);
  expect(duplicates).toBe(0);
});

test("kill -9 of the dispatcher: all webhooks come, and twice only those whose answer it could not record", async () => {
  const { orders, duplicates, unrecorded } = await holdsThrough("webhook-dispatcher");
  expect(orders.unanswered).toBe(0);
  expect(duplicates).toBeLessThanOrEqual(unrecorded);
});
