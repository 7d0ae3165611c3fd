import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunningPostgres, startPostgres } from "@postback/embedded";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duplicatesIn } from "./rig/check-ledger.ts";
import { Orders } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

/** A server of its own, which can be restarted under everybody's feet. */
const dataDir = mkdtempSync(join(tmpdir(), "postback-e2e-postgres-"));
let server: RunningPostgres | undefined;
// Before the stack's own hooks, so that it is stopped after them: hooks run in reverse at the end.
afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true });
});
const shop = useShopStack({
  databaseUrl: async () => {
    server = await startPostgres({ dataDir, profile: "test" });
    return server.url;
  },
});

function running(): RunningPostgres {
  if (!server) throw new Error("the server runs only from before the tests until after them");
  return server;
}

const partners = ["one", "other"];
const writesPerSecond = 50;
const loadSeconds = 5;
const settleMaxMs = 30_000;

beforeAll(async () => {
  const { api, receiver } = shop();
  for (const name of partners) await api.createEndpoint({ url: receiver.partner(name), events: ["**"] });
});

/** Under load, through the trouble: nothing that was accepted is lost, and each effect is there once. */
async function holdsThrough(name: string, trouble: (orders: Orders) => Promise<void>): Promise<Orders> {
  const orders = new Orders(shop(), name, partners);
  const before = duplicatesIn(orders.ledger());
  await orders.load(writesPerSecond, loadSeconds, async () => {
    await eventually(() => expect(orders.told.length).toBeGreaterThan(writesPerSecond));
    await trouble(orders);
  });
  await eventually(async () => expect(await orders.faults()).toEqual([]), { timeoutMs: settleMaxMs, intervalMs: 500 });
  const duplicates = duplicatesIn(orders.ledger()) - before;
  console.log(
    `${name}: ${orders.told.length} accepted, ${orders.unanswered} unanswered; ${duplicates} webhooks came twice`,
  );
  return orders;
}

test("all its connections ended again and again for two seconds: nothing is lost, and effects are there once", async () => {
  const orders = await holdsThrough("terminated", async () => {
    const endsAtMs = performance.now() + 2_000;
    while (performance.now() < endsAtMs) {
      await shop().db.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );
      await sleep(100);
    }
  });
  expect(orders.unanswered).toBe(0);
});

test("restarted, and away for a second: writes and events are taken meanwhile, nothing is lost, effects are there once", async () => {
  const orders = await holdsThrough("restarted", async (orders) => {
    const { port, stop } = running();
    await stop();
    const before = orders.told.length;
    await eventually(() => expect(orders.told.length).toBeGreaterThan(before + writesPerSecond / 2));
    await orders.publish("stock.low");
    server = await startPostgres({ dataDir, port, profile: "test" });
  });
  expect(orders.unanswered).toBe(0);
});
