import { expect, it } from "vitest";
import { createLogger } from "./logger.ts";
import { repeatUntilStopped } from "./repeat-until-stopped.ts";

it("goes on after a look that failed, and ends when it is stopped, also in the middle of its rest", async () => {
  const stopping = new AbortController();
  let looks = 0;
  const work = async () => {
    looks += 1;
    if (looks === 1) throw new Error("away");
    if (looks === 3) setImmediate(() => stopping.abort());
  };
  const logger = createLogger({ app: "test", level: "silent", format: "json" });
  await repeatUntilStopped(work, { intervalMs: 5, signal: stopping.signal, logger, event: "work.failed" });
  expect(looks).toBe(3);
});
