import { expect, test } from "vitest";
import { connectAdmin } from "../admin.ts";
import { Rig, testConnection } from "../conformance/rig.ts";
import { createProducer, startConsumer } from "../index.ts";
import { openLogReader } from "./open-log-reader.ts";

const client = { createProducer, startConsumer };
const options = { maxWaitMs: 0, maxBytesPerPartition: 1024 * 1024, maxBytes: 4 * 1024 * 1024 };
const valuesOf = (slices: readonly { messages: readonly { value: Buffer | null }[] }[]) =>
  slices.flatMap(({ messages }) => messages.map(({ value }) => String(value)));

test("reads partitions from given offsets on, with headers, again and again, without a group", async () => {
  await using rig = await Rig.make(client, 2);
  await rig.sendNumbers(5, 0);
  await rig.sendNumbers(2, 1, 10);
  const reader = openLogReader(rig.connection, rig.topic);
  const from = new Map([
    [0, 3],
    [1, 0],
  ]);
  for (let times = 0; times < 2; times += 1) {
    const slices = await reader.read(from, options);
    const sorted = slices.sort((a, b) => a.partition - b.partition);
    expect(sorted.map(({ nextOffset, endOffset, outOfRange }) => [nextOffset, endOffset, outOfRange])).toEqual([
      [5, 5, false],
      [2, 2, false],
    ]);
    expect(valuesOf(sorted)).toEqual(["3", "4", "10", "11"]);
    expect(sorted[0]?.messages[0]).toMatchObject({ offset: 3, header: '{"value":"3"}' });
  }
  await using admin = await connectAdmin(rig.connection);
  expect((await admin.client.listGroups()).groups.filter(({ groupId }) => groupId.includes(rig.topic))).toEqual([]);
  await reader.close();
});

test("a read at the end waits for a message, and no longer than it may", async () => {
  await using rig = await Rig.make(client, 1);
  await rig.sendNumbers(1);
  const reader = openLogReader(rig.connection, rig.topic);
  const end = new Map([[0, 1]]);
  expect(valuesOf(await reader.read(end, { ...options, maxWaitMs: 100 }))).toEqual([]);
  const reading = reader.read(end, { ...options, maxWaitMs: 7_000 });
  await rig.sendNumbers(1, 0, 1);
  expect(valuesOf(await reading)).toEqual(["1"]);
  await reader.close();
});

test("knows where logs begin and end, and what was there at a time", async () => {
  await using rig = await Rig.make(client, 2);
  await rig.sendNumbers(3);
  const reader = openLogReader(rig.connection, rig.topic);
  expect(Object.fromEntries(await reader.ranges([0, 1]))).toEqual({ 0: { low: 0, high: 3 }, 1: { low: 0, high: 0 } });
  expect((await reader.offsetsAt(Date.now() - 60_000, [0])).get(0)).toBe(0);
  expect((await reader.offsetsAt(Date.now() + 60_000, [0])).get(0)).toBe(3);
  for (const before1970Ms of [-1, -1_200_000_000_000]) {
    expect((await reader.offsetsAt(before1970Ms, [0])).get(0)).toBe(0);
  }
  await reader.close();
});

test("an offset that retention has passed is said to be out of range, and reading goes on at the earliest", async () => {
  await using rig = await Rig.make(client, 2);
  await rig.sendNumbers(4);
  await using admin = await connectAdmin(rig.connection);
  // kafkajs' deleteTopicRecords asks for no metadata; this call does.
  await admin.client.fetchTopicOffsets(rig.topic);
  await admin.client.deleteTopicRecords({ topic: rig.topic, partitions: [{ partition: 0, offset: "3" }] });
  const reader = openLogReader(rig.connection, rig.topic);
  const [lost] = await reader.read(new Map([[0, 1]]), options);
  expect(lost).toEqual({ partition: 0, messages: [], nextOffset: 3, endOffset: 4, outOfRange: true });
  expect(valuesOf(await reader.read(new Map([[0, 3]]), options))).toEqual(["3"]);
  await reader.close();
});

test("when no broker answers, that is an error that can be tried again", async () => {
  const reader = openLogReader(testConnection(["127.0.0.1:1"]), "nowhere");
  await expect(reader.read(new Map([[0, 0]]), options)).rejects.toMatchObject({ code: "kafka-unavailable" });
  await reader.close();
});
