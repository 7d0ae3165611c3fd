import { expect, it } from "vitest";
import { sleepUnlessAborted } from "./sleep-unless-aborted.ts";

const long = 60_000;

it("ends with its time", async () => {
  await expect(sleepUnlessAborted(1, new AbortController().signal)).resolves.toBeUndefined();
});

it("ends at once when it is aborted, before or meanwhile", async () => {
  const controller = new AbortController();
  const resting = sleepUnlessAborted(long, controller.signal);
  controller.abort();
  await resting;
  await sleepUnlessAborted(long, controller.signal);
});
