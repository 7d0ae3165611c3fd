import { expect, it } from "vitest";
import { keepTrying } from "./keep-trying.ts";
import { createLogger } from "./logger.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const options = { logger, event: "work.failed", firstDelayMs: 1, delayMaxMs: 2 };
const failing = (times: number) => {
  let calls = 0;
  const work = async () => {
    calls += 1;
    if (calls <= times) throw new Error(`failure ${calls}`);
    return calls;
  };
  return { work, calls: () => calls };
};

it("tries until it succeeds", async () => {
  expect(await keepTrying(failing(3).work, options)).toBe(4);
});

it("rejects at once with a failure that isn't worth another try", async () => {
  const { work, calls } = failing(3);
  await expect(keepTrying(work, { ...options, shouldRetry: () => false })).rejects.toThrow("failure 1");
  expect(calls()).toBe(1);
});

it("resolves to undefined when it is stopped, before and while it tries", async () => {
  const stopping = new AbortController();
  const { work, calls } = failing(Number.POSITIVE_INFINITY);
  const trying = keepTrying(work, { ...options, signal: stopping.signal });
  while (calls() < 2) await new Promise(setImmediate);
  stopping.abort();
  expect(await trying).toBeUndefined();
  expect(await keepTrying(work, { ...options, signal: stopping.signal })).toBeUndefined();
});

it("gives up after its time with the last failure", async () => {
  const { work } = failing(Number.POSITIVE_INFINITY);
  await expect(keepTrying(work, { ...options, giveUpAfterMs: 20 })).rejects.toThrow(/failure/);
});
