import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { holdsThroughRebalances } from "../e2e/rig/rebalances.ts";
import { useShopStack } from "../e2e/rig/shop-stack.ts";
import { useToldEvents } from "../e2e/rig/told-events.ts";

const shop = useShopStack({
  apps: { processor: 4, "webhook-dispatcher": 0 },
  catalogs: [fileURLToPath(new URL("../e2e/rig/shifts/catalog.ts", import.meta.url))],
});
const told = useToldEvents(shop);

test("for a minute, while processors join and leave every 2 s, operations of an entity run one at a time, in order, once", () =>
  holdsThroughRebalances(shop(), told(), { perSecond: 50, seconds: 60 }));
