import { expect, test } from "vitest";
import { SequenceSet } from "../measure/sequence-set.ts";
import { RunTally } from "./run-tally.ts";

const load = { kind: "rate", perSecond: 1 } as const;
const order = { run: 2, scenario: "events-x10", load, connections: 1, startAtUs: 1_000_000, seconds: 1 } as const;
const mark = (sequence: number) => ({ run: 2, sequence, sentAtUs: 1_000_000 });

test("counts each delivery once, and tells apart what came while the load was on", () => {
  const tally = new RunTally(order, 2);
  tally.take(0, "a", mark(0), 1_000_200);
  tally.take(1, "a", mark(0), 1_000_100);
  tally.take(0, "b", mark(1), 2_500_000);
  tally.take(0, "b", mark(1), 2_600_000);
  const { arrived, ...rest } = tally.result();
  expect(rest).toMatchObject({ arrivedInTime: 2, duplicates: 1, webhookIds: 2, wrong: [] });
  expect(rest.delivery).toMatchObject({ count: 3, maxUs: 1_500_000 });
  expect(arrived.map((text) => SequenceSet.fromText(text).size)).toEqual([2, 1]);
  expect(tally.delivered).toBe(3);
});

test("counts what comes again from an earlier run as a duplicate", () => {
  const tally = new RunTally(order, 1);
  tally.take(0, "a", { ...mark(0), run: 1 }, 1_000_100);
  expect(tally.result()).toMatchObject({ duplicates: 1, webhookIds: 0, delivery: { count: 0 } });
});

test("shows requests that are no webhooks of the bench", () => {
  const tally = new RunTally(order, 1);
  tally.take(0, "a", undefined, 1_000_100);
  tally.take(7, "b", mark(0), 1_000_100);
  expect(tally.result().wrong).toEqual(["no webhook of the bench: a", "no webhook of the bench: b"]);
});

test("leaves the first endpoint out of a run that is about the others", () => {
  const tally = new RunTally({ ...order, first: "hangs" }, 2);
  tally.take(0, "a", mark(0), 9_000_000);
  tally.take(1, "a", mark(0), 1_000_100);
  const { arrived, delivery } = tally.result();
  expect(delivery).toMatchObject({ count: 1, maxUs: 100 });
  expect(arrived.map((text) => SequenceSet.fromText(text).size)).toEqual([1]);
});
