import { createLogger } from "@postback/runtime";
import { expect, test } from "vitest";
import { SharedLookUps } from "./shared-look-ups.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const never = new AbortController().signal;

/** Look-ups over a map that a test changes, and what was asked for. */
function looking(states: Map<string, string>, batchMax = 500) {
  const asked: (readonly string[])[] = [];
  const lookUps = new SharedLookUps<string, string>({
    lookUp: async (subjects) => {
      asked.push(subjects);
      return subjects.map((subject) => states.get(subject));
    },
    keyOf: (subject) => subject,
    logger,
    pauseMs: 1,
    batchMax,
  });
  return { lookUps, asked };
}

const done = { isOver: (mark: string | undefined) => mark === "done", timeoutMs: 10_000, signal: never };

test("a thousand who wait for ten subjects cost one look-up of ten at a time", async () => {
  const states = new Map<string, string>();
  const { lookUps, asked } = looking(states);
  const waiting = Array.from({ length: 1_000 }, (_, i) => lookUps.until(`s${i % 10}`, done));
  await expect.poll(() => asked.length).toBeGreaterThan(2);
  expect(new Set(asked.map((subjects) => subjects.length))).toEqual(new Set([10]));
  for (let i = 0; i < 10; i += 1) states.set(`s${i}`, "done");
  await Promise.all(waiting);
});

test("more subjects than fit into a statement are looked up in several", async () => {
  const { lookUps, asked } = looking(new Map(["a", "b", "c"].map((key) => [key, "done"])), 2);
  await Promise.all(["a", "b", "c"].map((key) => lookUps.until(key, done)));
  expect(asked).toEqual([["a", "b"], ["c"]]);
});

test("when nobody waits any more nothing is looked up", async () => {
  const states = new Map([["a", "done"]]);
  const { lookUps, asked } = looking(states);
  await lookUps.until("a", done);
  const looked = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(asked.length).toBe(looked);
});

test("a wait ends when its time is up, when its client is gone, and when all have to stop", async () => {
  const { lookUps } = looking(new Map());
  await lookUps.until("a", { ...done, timeoutMs: 5 });
  const gone = new AbortController();
  const left = lookUps.until("a", { ...done, signal: gone.signal });
  gone.abort();
  await left;
  const stopped = lookUps.until("a", done);
  lookUps.close();
  await stopped;
  await lookUps.until("a", done);
});

test("a look-up that fails is made again, and those who wait are told nothing of it", async () => {
  let failures = 1;
  const lookUps = new SharedLookUps<string, string>({
    lookUp: async (subjects) => {
      if (failures-- > 0) throw new Error("away");
      return subjects.map(() => "done");
    },
    keyOf: (subject) => subject,
    logger,
  });
  await lookUps.until("a", done);
  expect(failures).toBeLessThan(0);
});
