import { expect, test } from "vitest";
import { parseMachineStat, parseProcessStat } from "./proc-stat.ts";

const line = (name: string) =>
  `6535 (${name}) S 6517 6535 6535 0 -1 4194560 3183 99201 0 12 150 50 700 25 20 0 1 0 279116 234614784 7333 184467440`;

test.each(["postgres", "a b", "odd) S 1 (name"])("reads CPU and parent of a process called %j", (name) => {
  expect(parseProcessStat(line(name))).toEqual({
    pid: 6535,
    name,
    parentPid: 6517,
    ownUs: 2_000_000,
    endedChildrenUs: 7_250_000,
  });
});

test("refuses what is no such line", () => {
  expect(() => parseProcessStat("6535 (postgres) S 6517")).toThrow(/no \/proc/);
});

test("adds up the work of all cores, without idling, and apart from what the host took", () => {
  const text = "cpu  100 10 50 9000 70 1 2 33 0 0\ncpu0 50 5 25 4500 35 1 1 16 0 0\nintr 1\n";
  expect(parseMachineStat(text)).toEqual({ busyUs: 1_630_000, stolenUs: 330_000 });
});

test("refuses a text without the line of all cores", () => {
  expect(() => parseMachineStat("intr 1 2 3")).toThrow(/no \/proc\/stat/);
});
