import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import { type Part, runParts } from "./lifecycle.ts";
import { createLogger } from "./logger.ts";

/** A part that runs until it is told to stop, and then as long as `drain` takes. */
const untilTold = (name: string, drain: () => Promise<void> = async () => {}): Part => ({
  name,
  async run(signal) {
    await once(signal, "abort");
    await drain();
  },
});

function start(parts: readonly Part[], graceMs = 5000) {
  const logged: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line)) };
  const signals = new EventEmitter();
  const exited = Promise.withResolvers<number>();
  const ended = runParts(parts, {
    graceMs,
    signals,
    exit: exited.resolve,
    logger: createLogger({ app: "test", level: "info", format: "json", destination }),
  });
  return { ended, exited: exited.promise, signals, messages: () => logged.map((line) => line["msg"]), logged };
}

test.each(["SIGTERM", "SIGINT"])(
  "%s stops every part, waits until all are drained, and the code is 0",
  async (name) => {
    const drained: string[] = [];
    const part = (partName: string) => untilTold(partName, async () => void drained.push(partName));
    const { ended, signals } = start([part("a"), part("b")]);
    signals.emit(name);
    expect(await ended).toBe(0);
    expect(drained).toEqual(["a", "b"]);
  },
);

test("a second signal exits 1 at once", async () => {
  const { exited, signals, messages } = start([untilTold("stuck", () => new Promise(() => {}))]);
  signals.emit("SIGTERM");
  signals.emit("SIGTERM");
  expect(await exited).toBe(1);
  expect(messages()).toContain("process.second-signal");
});

test("the end of the grace period exits 1", async () => {
  const { exited, signals, messages } = start([untilTold("stuck", () => new Promise(() => {}))], 20);
  signals.emit("SIGTERM");
  expect(await exited).toBe(1);
  expect(messages()).toContain("process.grace-ended");
});

test("the grace period goes on after the parts are drained, for resources that hang while they close", async () => {
  const { ended, exited, signals } = start([untilTold("quick")], 50);
  signals.emit("SIGTERM");
  expect(await ended).toBe(0);
  expect(await exited).toBe(1);
});

test("a part that throws is named, the others drain, and the code is 1", async () => {
  let drained = false;
  const other = untilTold("other", async () => {
    drained = true;
  });
  const { ended, logged } = start([other, { name: "consumer", run: () => Promise.reject(new Error("crashed")) }]);
  expect(await ended).toBe(1);
  expect(drained).toBe(true);
  expect(logged[0]).toMatchObject({ msg: "part.ended-unexpectedly", part: "consumer", err: { message: "crashed" } });
});

test("a part that ends without being told is named, and the code is 1", async () => {
  const { ended, logged } = start([{ name: "publisher", run: async () => {} }]);
  expect(await ended).toBe(1);
  expect(logged[0]).toMatchObject({ part: "publisher", err: { message: "part publisher ended by itself" } });
});

test.each([
  ["uncaughtException", "process.uncaught-exception"],
  ["unhandledRejection", "process.unhandled-rejection"],
])("%s is logged and exits 1", async (event, message) => {
  const { exited, signals, messages, ended } = start([untilTold("a")]);
  signals.emit(event, new Error("defect"));
  expect(await exited).toBe(1);
  expect(messages()).toContain(message);
  signals.emit("SIGTERM");
  await ended;
});
