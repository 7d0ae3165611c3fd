import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { endsIn, Notes } from "./notes.ts";
import type { ShopStack } from "./shop-stack.ts";
import type { ToldEvents } from "./told-events.ts";

/** How often processors join or leave, milliseconds. */
const everyMs = 2_000;

/**
 * Processors of the stack join one after another until all are there, then leave until one is left, and so on.
 * @param seconds at least
 * @returns how many joined and how many left
 */
async function joinAndLeave({ stack }: ShopStack, seconds: number): Promise<{ joined: number; left: number }> {
  const changing = stack.apps.filter(({ name, index }) => name === "processor" && index > 0);
  const counts = { joined: 0, left: 0 };
  const endsAtMs = performance.now() + seconds * 1000;
  while (performance.now() < endsAtMs) {
    for (const app of changing) {
      if (!app.isRunning) app.start();
      counts.joined += 1;
      await sleep(everyMs);
    }
    for (const app of changing.toReversed()) {
      // It leaves in its own time, while the next one goes: as orchestrators do.
      app.kill("SIGTERM");
      counts.left += 1;
      await sleep(everyMs);
    }
    await Promise.all(changing.map((app) => app.waitForExit()));
  }
  return counts;
}

/** Under a steady load, 1 → 4 → 1 … processors: whoever works an entity, its operations run one at a time, in order, once. */
export async function holdsThroughRebalances(
  shop: ShopStack,
  events: ToldEvents,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<void> {
  const notes = new Notes(shop, "rebalanced", 24);
  let counts = { joined: 0, left: 0 };
  await notes.writeWhile(perSecond, async () => {
    counts = await joinAndLeave(shop, seconds);
  });
  const settledAtMs = performance.now();
  await notes.expectKept(async () => endsIn(events.taken()));
  const settling = ((performance.now() - settledAtMs) / 1000).toFixed(1);
  console.log(
    `${notes.told.length} operations of 24 entities, ${counts.joined} processors joined, ${counts.left} left; settled in ${settling} s`,
  );
  expect(notes.told.length).toBeGreaterThan(seconds);
}
