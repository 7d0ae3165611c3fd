import type { AppProcess } from "@postback/local-stack";
import { test } from "vitest";
import { endsWholeEverywhere } from "../e2e/rig/commit-boundaries.ts";
import { checkedOut, placed, undone } from "../e2e/rig/one-order.ts";
import { useShopStack } from "../e2e/rig/shop-stack.ts";
import { useToldEvents } from "../e2e/rig/told-events.ts";

const shop = useShopStack({ apps: { "webhook-dispatcher": 0 }, proxied: ["ingest", "processor"] });
const told = useToldEvents(shop);
/** The group waits 10 s for a member that was killed; the next one has to start as well. */
const times = { endMaxMs: 60_000 };

async function killAndStart(app: AppProcess): Promise<"cut"> {
  app.kill("SIGKILL");
  await app.waitForExit();
  app.start();
  return "cut";
}

test.each([
  ["an order that is placed", placed],
  ["an order that is undone", undone],
  ["a checkout", checkedOut],
])("%s ends whole, with each effect and each event once, wherever kill -9 meets a commit", async (_, write) => {
  await endsWholeEverywhere(shop(), told(), write, { ...times, breaks: ({ app }) => killAndStart(app) });
});
