import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { arrived, Rig } from "../conformance/rig.ts";
import { createProducer, type Stall, startConsumer, startWatchdog } from "../index.ts";

const rigOf = () => Rig.make({ createProducer, startConsumer }, 2);

async function watched(rig: Rig, stalls: Stall[], onBatch: () => Promise<void>) {
  const consumer = await rig.consumer({ onBatch });
  const watchdog = await startWatchdog({
    consumer,
    connection: rig.connection,
    groupId: rig.groupId,
    stallMaxMs: 1_000,
    intervalMs: 100,
    onStall: (stall) => void stalls.push(stall),
  });
  return { consumer, watchdog };
}

describe("the watchdog", { concurrent: true }, () => {
  test("a partition that lags and doesn't move is told, once, with its lag", async () => {
    await using rig = await rigOf();
    await rig.sendNumbers(3, 1);
    const stalls: Stall[] = [];
    const { watchdog } = await watched(rig, stalls, async () => {});
    await arrived(stalls, 1);
    expect(stalls).toMatchObject([
      { reason: "no-progress", groupId: rig.groupId, partitions: [{ partition: 1, lowWater: 0, lag: 3 }] },
    ]);
    await sleep(500);
    expect(stalls).toHaveLength(1);
    await watchdog.stop();
  });

  test("a handler that hangs before its first message is done is told too", async () => {
    await using rig = await rigOf();
    await rig.sendNumbers(1);
    const stalls: Stall[] = [];
    const { watchdog } = await watched(rig, stalls, () => new Promise(() => {}));
    await arrived(stalls, 1);
    await watchdog.stop();
  });

  test("a deliberate hold is no stall, and the lag can be read all the while", async () => {
    await using rig = await rigOf();
    const stalls: Stall[] = [];
    const { consumer, watchdog } = await watched(rig, stalls, async () => {});
    consumer.hold("test");
    await rig.sendNumbers(5);
    await eventually(() => expect(watchdog.lag()).toContainEqual({ topic: rig.topic, partition: 0, lag: 5 }));
    await sleep(2_000);
    expect(stalls).toEqual([]);
    await watchdog.stop();
  });

  test("a consumer that works is no stall, and its lag goes to 0", async () => {
    await using rig = await rigOf();
    const stalls: Stall[] = [];
    const done: number[] = [];
    const consumer = await rig.consumer({
      onBatch: async ({ messages }) => {
        for (const { offset } of messages) done.push(offset);
      },
    });
    const { connection, groupId } = rig;
    const watchdog = await startWatchdog({
      consumer,
      connection,
      groupId,
      stallMaxMs: 1_000,
      intervalMs: 100,
      onStall: (stall) => void stalls.push(stall),
    });
    await rig.sendNumbers(20);
    for (let next = 0; next < 20; next += 1) {
      await arrived(done, next + 1);
      consumer.done(rig.topic, 0, next);
      await sleep(100);
    }
    await eventually(() => expect(watchdog.lag().every(({ lag }) => lag === 0)).toBe(true));
    expect(stalls).toEqual([]);
    await watchdog.stop();
  });
});
