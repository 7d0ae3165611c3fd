import { setTimeout as sleep } from "node:timers/promises";
import type { CreateEndpoint } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import type { Script } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ apps: { "webhook-dispatcher": 4 } });
const eventsPerSecond = 15;
/** Arrivals are seen a moment after they were sent. */
const rateSlack = 1;
/** Beyond which a dead dispatcher's part is taken over: its silence, its attempts' deadline, and some looks at the schedule. */
const takeOverMaxMs = 25_000;

/** A receiver that watches how much is with it at once. Each works longer than events come, so all limits are pressed. */
class Watched {
  most = 0;
  #now = 0;
  readonly name: string;
  readonly settings: Partial<CreateEndpoint>;
  readonly #worksMs: number;

  constructor(name: string, worksMs: number, settings: Partial<CreateEndpoint>) {
    this.name = name;
    this.settings = { timeoutMs: 1_500, ...settings };
    this.#worksMs = worksMs;
  }

  readonly script: Script = () => {
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    setTimeout(() => {
      this.#now -= 1;
    }, this.#worksMs);
    return { status: 204, delayMs: this.#worksMs };
  };

  get arrivals(): number[] {
    return shop()
      .receiver.of(this.name)
      .map(({ atMs }) => atMs);
  }
}

const narrow = new Watched("narrow", 150, { concurrency: 1 });
const three = new Watched("three", 300, { concurrency: 3 });
const wide = new Watched("wide", 700, { concurrency: 8 });
const five = new Watched("five", 5, { concurrency: 64, rateLimit: { perSecond: 5 } });
const two = new Watched("two", 5, { concurrency: 64, rateLimit: { perSecond: 2 } });
const all = [narrow, three, wide, five, two];

const dispatcher = (index: number) => shop().app("webhook-dispatcher", index);

/** The most that came in any time, above what the rate gives in it: a bucket of one second may burst. */
function mostAbove(atMs: readonly number[], perSecond: number): number {
  let most = 0;
  for (const [first, from] of atMs.entries()) {
    for (let last = first; last < atMs.length; last += 1) {
      const seconds = ((atMs[last] ?? from) - from) / 1000;
      most = Math.max(most, last - first + 1 - seconds * perSecond);
    }
  }
  return most;
}

async function untilMoreCome(since: number): Promise<void> {
  await eventually(
    () => {
      for (const { name, arrivals } of all) {
        expect(arrivals.filter((atMs) => atMs > since).length, name).toBeGreaterThanOrEqual(5);
      }
    },
    { timeoutMs: takeOverMaxMs, intervalMs: 100 },
  );
}

beforeAll(async () => {
  await Promise.all([1, 2, 3].map((index) => dispatcher(index).stop()));
  const { api, receiver } = shop();
  for (const { name, script, settings } of all) {
    await api.createEndpoint({ url: receiver.partner(name, script), events: ["limits.*"], ...settings });
  }
});

test("1, 2, 4 dispatchers and 1 again, one killed with -9: the receiver never sees more than its limits, and all get on", {
  timeout: 120_000,
}, async () => {
  const publishing = setInterval(() => {
    shop()
      .api.publish({ type: "limits.pressed", data: {} })
      .catch((error: unknown) => expect.fail(String(error)));
  }, 1_000 / eventsPerSecond);
  try {
    await untilMoreCome(0);
    dispatcher(1).start();
    await dispatcher(1).ready();
    await untilMoreCome(Date.now());
    for (const index of [2, 3]) dispatcher(index).start();
    await Promise.all([dispatcher(2).ready(), dispatcher(3).ready()]);
    await untilMoreCome(Date.now());
    dispatcher(0).kill("SIGKILL");
    await sleep(500);
    await Promise.all([dispatcher(1).stop(), dispatcher(2).stop()]);
    await untilMoreCome(Date.now());
  } finally {
    clearInterval(publishing);
  }
  const atOnce = Object.fromEntries([narrow, three, wide].map(({ name, most }) => [name, most]));
  expect(atOnce).toEqual({ narrow: 1, three: 3, wide: 8 });
  for (const [{ name, arrivals }, perSecond] of [
    [five, 5],
    [two, 2],
  ] as const) {
    expect(mostAbove(arrivals, perSecond), name).toBeLessThanOrEqual(perSecond + rateSlack);
  }
});
