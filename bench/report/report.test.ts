import { describe, expect, test } from "vitest";
import { describeResults, describeVerdicts } from "./describe-results.ts";
import type { RunResult } from "./run-result.ts";
import { table } from "./table.ts";
import { judge } from "./targets.ts";

const latency = { count: 100, p50Us: 2_345, p90Us: 4_000, p99Us: 9_876, maxUs: 10_000 };
const saturated: RunResult = {
  scenario: "events",
  load: { kind: "saturation", outstandingMax: 256 },
  seconds: 10,
  sent: 100,
  accepted: 98,
  refused: { 503: 2 },
  delivered: 98,
  webhookIds: 98,
  duplicates: 1,
  lost: 0,
  unanswered: 0,
  verified: 1,
  wrong: [],
  acceptedPerSecond: 2_601.4,
  deliveredPerSecond: 2_600.6,
  accept: latency,
  delivery: latency,
  lateness: latency,
  cpuUs: { ingest: 100, processor: 1, "webhook-dispatcher": 120, kafka: 60, postgres: 40, generator: 50, sink: 70 },
  compilingCpuUs: 17,
  systemCpuUs: 321,
  allCpuUs: 441,
  busyCores: 1.97,
  othersBusyCores: 0.1,
  stolenCores: 0,
};
const atRate: RunResult = { ...saturated, load: { kind: "rate", perSecond: 200 } };
const facts = {
  at: "2026-11-24T08:00:00.000Z",
  commit: "0123456789ab",
  cpu: "A Processor",
  cores: 2,
  memoryMb: 8192,
  platform: "linux 6.1 x64",
  node: "26.10.0",
};

test("aligns columns", () => {
  expect(
    table([
      ["", "a", "long"],
      ["first", "10", "1"],
    ]),
  ).toBe("        a  long\nfirst  10     1");
});

test("shows commit, machine, and each figure in its unit", () => {
  const text = describeResults(facts, [saturated, atRate]);
  expect(text).toContain("Postback 0123456789ab · 2026-11-24T08:00:00.000Z\n2 × A Processor, 8 GiB");
  expect(text).toMatch(/events, saturation +2601 +2601 +2\.3 ms +9\.9 ms +2\.3 ms +9\.9 ms +-\n/);
  expect(text).toMatch(/events, 200\/s +100 +1 +120 +60 +40 +321 +17 +50 +70 +441 +1\.97 +0\.10 +0\.00\n/);
  expect(text).toMatch(/events, 200\/s +100 +98 +98 +0 +1 +0 +1 +2 × 503\n/);
});

describe("targets", () => {
  test("are met at their limits", () => {
    const atLimits = { ...saturated, systemCpuUs: 400, deliveredPerSecond: 2_500 };
    const verdicts = judge([atLimits, { ...atRate, accept: { ...latency, p50Us: 8_000 } }]);
    expect(verdicts.map(({ isMet }) => isMet)).toEqual([true, true, true]);
  });

  test("are missed beyond them, and say by how much", () => {
    const beyond = { ...saturated, systemCpuUs: 401, deliveredPerSecond: 2_499 };
    const verdicts = judge([beyond, { ...atRate, accept: { ...latency, p50Us: 8_100 } }]);
    expect(verdicts.map(({ isMet }) => isMet)).toEqual([false, false, false]);
    expect(describeVerdicts(verdicts)).toMatch(
      /MISSED {2}events: at most 400 us.*: 401 us\nMISSED.*2499\/s\nMISSED.*8\.1 ms/,
    );
  });

  test("say nothing about what they were not set for", () => {
    expect(judge([{ ...saturated, scenario: "watch" }])).toEqual([]);
    expect(judge([{ ...atRate, load: { kind: "rate", perSecond: 100 } }])).toEqual([]);
  });

  test.each([
    [950, true, "95.0 %"],
    [949, false, "94.9 %"],
  ])(
    "compare what is delivered beside stuck entities, %d of 1000, with what is without",
    (perSecond, isMet, measured) => {
      const run = (stuck: number, deliveredPerSecond: number): RunResult => ({
        ...saturated,
        scenario: "stuck-entities",
        stuck,
        deliveredPerSecond,
      });
      const runs = [run(0, 1_100), run(10_000, perSecond - 50), run(10_000, perSecond + 50), run(0, 900)];
      expect(judge(runs)).toMatchObject([{ isMet, measured }]);
      expect(describeResults(facts, runs)).toContain("stuck-entities (10000), saturation");
    },
  );

  test.each([
    [13_000, true, "1.30 x (p50 2.00 x)"],
    [13_100, false, "1.31 x (p50 2.00 x)"],
  ])(
    "compare the p99 beside an endpoint that hangs, %d us, with that beside one that answers",
    (p99Us, isMet, measured) => {
      const run = (first: "answers" | "hangs", p50Us: number, p99: number): RunResult => ({
        ...saturated,
        scenario: "hanging",
        first,
        load: { kind: "rate", perSecond: 60 },
        delivery: { ...latency, p50Us, p99Us: p99 },
      });
      const runs = [
        run("answers", 900, 9_000),
        run("hangs", 2_100, p99Us - 500),
        run("hangs", 1_900, p99Us + 500),
        run("answers", 1_100, 11_000),
      ];
      expect(judge(runs)).toMatchObject([{ isMet, measured }]);
      expect(describeResults(facts, runs)).toContain("hanging (one hangs), 60/s");
    },
  );

  test.each([
    [1_000, true],
    [999, false],
  ])("of orders: %d delivered/s", (deliveredPerSecond, isMet) => {
    expect(judge([{ ...saturated, scenario: "order", deliveredPerSecond }])).toMatchObject([{ isMet }]);
  });

  test("judge the CPU of a webhook to ten endpoints by the five processes", () => {
    const run: RunResult = { ...saturated, scenario: "events-x10", systemCpuUs: 110 };
    expect(judge([run])).toMatchObject([{ isMet: true, measured: "110 us" }]);
    expect(judge([{ ...run, systemCpuUs: 111 }])).toMatchObject([{ isMet: false }]);
  });

  test.each([
    ["accept", 4_000, true],
    ["accept", 3_999, false],
    ["accept-batch", 8_000, true],
    ["accept-batch", 7_999, false],
  ] as const)("of %s: %d accepted/s", (scenario, acceptedPerSecond, isMet) => {
    expect(judge([{ ...saturated, scenario, acceptedPerSecond }])).toMatchObject([{ isMet }]);
  });

  test.each([
    [15_000, true],
    [15_100, false],
  ])("of an SSE client at the median: %d us", (p50Us, isMet) => {
    const watched: RunResult = { ...atRate, scenario: "watch", toSse: { ...latency, p50Us } };
    expect(judge([watched])[0]).toMatchObject({ isMet, measured: `${(p50Us / 1e3).toFixed(1)} ms` });
    expect(describeResults(facts, [watched])).toContain("watch, 200/s: event to SSE client p50");
  });

  test("compare what is delivered beside idle watchers with what is without", () => {
    const run = (watchers: number, deliveredPerSecond: number): RunResult => ({
      ...saturated,
      scenario: "watch",
      watchers,
      deliveredPerSecond,
    });
    const share = (beside: number) => judge([run(0, 1_000), run(5_000, beside), run(5_000, beside), run(0, 1_000)]);
    expect(share(950)).toMatchObject([{ isMet: true, measured: "95.0 %" }]);
    expect(share(949)).toMatchObject([{ isMet: false, measured: "94.9 %" }]);
  });

  test("of accepting aren't met by nothing", () => {
    const nothing = { ...latency, count: 0, p50Us: 0 };
    expect(judge([{ ...atRate, accept: nothing }])).toMatchObject([{ isMet: false }]);
  });
});
