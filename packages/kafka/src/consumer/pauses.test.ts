import { expect, test } from "vitest";
import { Pauses } from "./pauses.ts";

const at = (partition: number) => ({ topic: "t", partition });

/** What kafkajs' own rules make of the calls: a topic is paused whole or by partition. */
function applied(pauses: Pauses): string[] {
  const paused = new Set<string>();
  pauses.applyTo({
    pause: (topics) => {
      for (const { topic, partitions } of topics)
        for (const one of partitions ?? ["all"]) paused.add(`${topic}/${one}`);
    },
    resume: () => paused.clear(),
  });
  return [...paused];
}

test("all is held until the last reason is released", () => {
  const pauses = new Pauses(["t"]);
  pauses.hold("database");
  pauses.hold("queue");
  pauses.release("database");
  expect([pauses.held, applied(pauses)]).toEqual([true, ["t/all"]]);
  pauses.release("queue");
  expect([pauses.held, applied(pauses)]).toEqual([false, []]);
});

test("a paused partition stays paused when all others are released", () => {
  const pauses = new Pauses(["t"]);
  pauses.pause(at(3));
  pauses.hold("queue");
  pauses.release("queue");
  expect([applied(pauses), pauses.isPaused(at(3)), pauses.isPaused(at(4))]).toEqual([["t/3"], true, false]);
  pauses.resume(at(3));
  expect(applied(pauses)).toEqual([]);
});
