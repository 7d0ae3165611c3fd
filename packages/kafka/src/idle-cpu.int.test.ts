import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Rig } from "./conformance/rig.ts";
import { createProducer, startConsumer } from "./index.ts";

const WARM_UP_MS = 3_000;
const SHARE_MAX = 0.01;
/** The quietest of some counts: garbage of the start and a busy machine show up in one, a loop in all. */
const WINDOWS_MAX = 8;
const WINDOW_MS = 2_500;

/** Unpatched, kafkajs loops on a 1 ms timer for each connection that ever had a request: 6 % of a core, and warnings about negative delays. */
test("a connected producer and consumer that have nothing to do take less than 1 % of a core", {
  timeout: 30_000,
}, async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.name);
  process.on("warning", listen);
  await using rig = await Rig.make({ createProducer, startConsumer }, 12);
  await rig.consumer({ onBatch: async () => {} });
  await rig.sendNumbers(10);
  await sleep(WARM_UP_MS);
  const shares: number[] = [];
  while (shares.length < WINDOWS_MAX && Math.min(...shares) >= SHARE_MAX) {
    const before = process.cpuUsage();
    await sleep(WINDOW_MS);
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1_000 / WINDOW_MS);
  }
  process.off("warning", listen);
  expect(Math.min(...shares)).toBeLessThan(SHARE_MAX);
  expect(warnings).not.toContain("TimeoutNegativeWarning");
});
