import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sampleCpu, usedBetween } from "./sample-cpu.ts";

const workUs = 100_000;
const work = `
  const usedUs = () => Object.values(process.cpuUsage()).reduce((a, b) => a + b);
  const untilUs = usedUs() + ${workUs};
  while (usedUs() < untilUs);`;

test("is the difference of two samples, name by name", () => {
  const before = { byName: { ingest: 100, kafka: 50 }, compilingUs: 30, machine: { busyUs: 1_000, stolenUs: 0 } };
  const after = { byName: { ingest: 350, kafka: 60 }, compilingUs: 35, machine: { busyUs: 3_000, stolenUs: 20 } };
  expect(usedBetween(before, after)).toEqual({
    byName: { ingest: 250, kafka: 10 },
    compilingUs: 5,
    machine: { busyUs: 2_000, stolenUs: 20 },
  });
});

test("takes compiler threads that have ended for no work less than none", () => {
  const sample = (compilingUs: number) => ({ byName: {}, compilingUs, machine: { busyUs: 0, stolenUs: 0 } });
  expect(usedBetween(sample(30), sample(10)).compilingUs).toBe(0);
});

test.runIf(process.platform === "linux")(
  "counts the work of a child that has ended only where children count",
  async () => {
    const watched = [
      { name: "alone", pid: process.pid },
      { name: "family", pid: process.pid, withChildren: true },
    ];
    const before = sampleCpu(watched);
    await once(spawn(process.execPath, ["-e", work]), "exit");
    const { alone = 0, family = 0 } = usedBetween(before, sampleCpu(watched)).byName;
    expect(family - alone).toBeGreaterThanOrEqual(workUs);
  },
);
