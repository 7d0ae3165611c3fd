import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import type { Script } from "../e2e/rig/scripted-receiver.ts";
import { useShopStack } from "../e2e/rig/shop-stack.ts";

/** Each event is for the ten endpoints of its group; one of them will hang. */
const groups = 100;
const endpointsPerGroup = 10;
const eventsPerSecond = 20;
const seconds = 20;
const registeredAtOnce = 20;
const p99MaxRatio = 1.3;

const shop = useShopStack();
let isHanging = false;
const hanging: Script = () => (isHanging ? "hang" : { status: 204 });
const nameOf = (group: number, index: number) => `group-${group}-${index}`;

beforeAll(async () => {
  const { api, receiver } = shop();
  const names = Array.from({ length: groups * endpointsPerGroup }, (_, n) => ({
    group: n % groups,
    index: Math.floor(n / groups),
  }));
  for (let from = 0; from < names.length; from += registeredAtOnce) {
    const some = names.slice(from, from + registeredAtOnce).map(({ group, index }) => {
      const url = receiver.partner(nameOf(group, index), index === 0 ? hanging : undefined);
      return api.createEndpoint({ url, events: [`group-${group}.*`] });
    });
    await Promise.all(some);
  }
}, 300_000);

/** Time from the API's answer to the arrival, milliseconds, of all deliveries to endpoints that don't hang. */
async function latencies(): Promise<number[]> {
  const { api, receiver } = shop();
  const published: { id: string; group: number; atMs: number }[] = [];
  const under: Promise<void>[] = [];
  const startedMs = performance.now();
  for (let count = 0; count < eventsPerSecond * seconds; count += 1) {
    await sleep(Math.max(0, startedMs + (count * 1_000) / eventsPerSecond - performance.now()));
    const group = (count * 37) % groups;
    const atMs = Date.now();
    const publishing = api.publish({ type: `group-${group}.happened`, data: {} });
    under.push(publishing.then(({ id }) => void published.push({ id, group, atMs })));
  }
  await Promise.all(under);
  return await eventually(
    () =>
      published.flatMap(({ id, group, atMs }) =>
        Array.from({ length: endpointsPerGroup - 1 }, (_, other) => {
          const came = receiver.of(nameOf(group, other + 1)).find(({ webhookId }) => webhookId === id);
          if (!came) throw new Error(`${id} has not come to all`);
          return came.atMs - atMs;
        }),
      ),
    { timeoutMs: 20_000, intervalMs: 200 },
  );
}

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;

test(`100 of 1,000 endpoints that hang for their whole deadline leave the others' p99 alone`, async () => {
  await latencies();
  const without = percentile(await latencies(), 0.99);
  isHanging = true;
  const beside = percentile(await latencies(), 0.99);
  console.log(`p99 of ${groups * (endpointsPerGroup - 1)} endpoints: ${without} ms, beside hanging ones ${beside} ms`);
  expect(beside).toBeLessThanOrEqual(without * p99MaxRatio);
});
