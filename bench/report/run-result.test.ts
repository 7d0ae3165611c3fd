import { describe, expect, test } from "vitest";
import { SequenceSet } from "../measure/sequence-set.ts";
import { faultsOf, type Measured, resultOf } from "./run-result.ts";

const latency = { count: 3, p50Us: 1, p90Us: 2, p99Us: 3, maxUs: 3 };

function textOf(...sequences: number[]): string {
  const set = SequenceSet.empty();
  for (const sequence of sequences) set.add(sequence);
  return set.toText();
}

const measured: Measured = {
  order: {
    run: 1,
    scenario: "events-x10",
    load: { kind: "rate", perSecond: 2 },
    connections: 1,
    startAtUs: 0,
    seconds: 2,
  },
  generator: { sent: 3, accepted: textOf(0, 1), refused: { 503: 1 }, accept: latency, lateness: latency },
  sink: {
    arrived: [textOf(0, 1), textOf(0, 2)],
    arrivedInTime: 3,
    duplicates: 0,
    webhookIds: 3,
    verified: 1,
    wrong: [],
    delivery: { ...latency, count: 4 },
  },
  cpu: {
    byName: { ingest: 400, kafka: 200, sink: 100 },
    compilingUs: 40,
    machine: { busyUs: 4_000_000, stolenUs: 1_000_000 },
  },
  elapsedSeconds: 4,
};

test("counts what is owed and what wasn't answered, endpoint by endpoint", () => {
  expect(resultOf(measured)).toMatchObject({ accepted: 2, delivered: 4, lost: 1, unanswered: 1 });
});

test("gives CPU for each webhook, ours apart from that of the world around", () => {
  expect(resultOf(measured)).toMatchObject({
    cpuUs: { ingest: 100, kafka: 50, sink: 25 },
    compilingCpuUs: 10,
    systemCpuUs: 150,
    allCpuUs: 175,
    busyCores: 1,
    stolenCores: 0.25,
  });
});

test("has rates of the time in which the load was on", () => {
  expect(resultOf(measured)).toMatchObject({ acceptedPerSecond: 1, deliveredPerSecond: 1.5 });
});

describe("faults", () => {
  const fine = { ...resultOf(measured), lost: 0 };

  test("are none when all arrived, once or more often", () => {
    expect(faultsOf(fine)).toEqual([]);
    expect(faultsOf({ ...fine, duplicates: 3 })).toEqual([]);
  });

  test.each([
    [{ accepted: 0 }, "nothing was accepted"],
    [{ lost: 2 }, "2 webhooks of accepted requests never arrived"],
    [{ verified: 0 }, "no signature was verified"],
    [{ wrong: ["msg_1: no matching signature"] }, "msg_1: no matching signature"],
  ])("are %j", (change, words) => {
    expect(faultsOf({ ...fine, ...change })).toEqual([expect.stringContaining(words)]);
  });
});

describe("of accepting alone", () => {
  const order = { ...measured.order, scenario: "accept-batch" } as const;
  const sink = { ...measured.sink, arrived: [], arrivedInTime: 0, verified: 0, delivery: { ...latency, count: 0 } };

  test("counts each write of a batch, and gives CPU for each", () => {
    expect(resultOf({ ...measured, order, sink })).toMatchObject({
      accepted: 200,
      acceptedPerSecond: 100,
      lost: 0,
      cpuUs: { ingest: 2, kafka: 1 },
    });
  });

  test("no webhook is missed", () => {
    expect(faultsOf(resultOf({ ...measured, order, sink }))).toEqual([]);
  });
});

test("an event that an SSE client didn't get is a fault", () => {
  const result = { ...resultOf(measured), lost: 0, toSse: { ...latency, count: 1 } };
  expect(faultsOf(result)).toEqual(["events-x10 at rate: 1 of 2 events reached the SSE client"]);
});
