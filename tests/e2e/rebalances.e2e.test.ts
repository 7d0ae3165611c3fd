import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { holdsThroughRebalances } from "./rig/rebalances.ts";
import { useShopStack } from "./rig/shop-stack.ts";
import { useToldEvents } from "./rig/told-events.ts";

const shop = useShopStack({
  apps: { processor: 4, "webhook-dispatcher": 0 },
  catalogs: [fileURLToPath(new URL("./rig/shifts/catalog.ts", import.meta.url))],
});
const told = useToldEvents(shop);

// One round, 4 → 1; `tests/long` does it for a minute.
test("while processors join and leave every 2 s, operations of an entity run one at a time, in order, once", () =>
  holdsThroughRebalances(shop(), told(), { perSecond: 50, seconds: 12 }));
