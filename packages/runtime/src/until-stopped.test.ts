import { expect, it } from "vitest";
import { untilStopped } from "./until-stopped.ts";

it("stops what runs when it is told to, and then ends", async () => {
  const stopping = new AbortController();
  const log: string[] = [];
  const running = untilStopped(stopping.signal, new Promise<never>(() => {}), async () => void log.push("stopped"));
  stopping.abort();
  await running;
  expect(log).toEqual(["stopped"]);
});

it("stops what runs when that has ended by itself, and then fails with the reason", async () => {
  const log: string[] = [];
  const ending = Promise.reject(new Error("the consumer stalled"));
  const running = untilStopped(new AbortController().signal, ending, async () => void log.push("stopped"));
  await expect(running).rejects.toThrow("the consumer stalled");
  expect(log).toEqual(["stopped"]);
});
