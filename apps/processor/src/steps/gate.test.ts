import { expect, it } from "vitest";
import { Gate } from "./gate.ts";

it("lets nothing new begin while it is shut, and says when what had begun is over", async () => {
  const gate = new Gate();
  const log: string[] = [];
  const first = Promise.withResolvers<void>();
  const running = gate.pass(async () => {
    await first.promise;
    log.push("first ended");
  });
  gate.shut();
  const later = gate.pass(async () => void log.push("second"));
  const empty = gate.empty().then(() => log.push("empty"));
  first.resolve();
  await running;
  await empty;
  expect(log).toEqual(["first ended", "empty"]);
  gate.open();
  await later;
  expect(log).toEqual(["first ended", "empty", "second"]);
});

it("is empty again after work that failed", async () => {
  const gate = new Gate();
  await expect(gate.pass(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await gate.empty();
});
