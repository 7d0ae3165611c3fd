import type { DeliveryRecord, Outcomes } from "@postback/database";
import { createLogger } from "@postback/runtime";
import { describe, expect, it } from "vitest";
import type { HeldEvent } from "../lanes/held.ts";
import type { Entry } from "./pending-outcomes.ts";
import { heldMax, Recorder } from "./recorder.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });

const event = (id: string, unrecorded = 1, offset = 0): HeldEvent => ({
  header: { v: 1, id, type: "a.b", tenant: "t", acceptedAt: 0 },
  body: Buffer.from("{}"),
  place: { topic: "events", partition: 0, offset, generation: 1 },
  unrecorded,
  rowQueued: false,
});
const delivery = (eventId: string, endpointId: string, over: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  tenantId: "t",
  eventId,
  endpointId,
  replay: "0",
  eventType: "a.b",
  partition: 0,
  status: "delivered",
  attempt: { at: "", durationMs: 1, outcome: "accepted" },
  ...over,
});
const badData = Object.assign(new Error("invalid byte"), { code: "22021" });

function rig(write: (outcomes: Outcomes) => Promise<void> = async () => undefined) {
  const written: Outcomes[] = [];
  const recorded: string[] = [];
  const rejected: Entry[] = [];
  const pressure: boolean[] = [];
  const recorder = new Recorder({
    write: async (outcomes) => {
      await write(outcomes);
      written.push(outcomes);
    },
    onRecorded: ({ header }) => recorded.push(header.id),
    onRejected: async (entry) => void rejected.push(entry),
    onPressure: (isHigh) => pressure.push(isHigh),
    logger,
  });
  return { recorder, written, recorded, rejected, pressure };
}

describe("the recorder", () => {
  it("writes together what comes together, the event's own row once, and frees it when all its deliveries have rows", async () => {
    const { recorder, written, recorded } = rig();
    const held = event("1", 2, 7);
    recorder.add({ event: held, delivery: delivery("1", "a") });
    recorder.add({ event: held, delivery: delivery("1", "b") });
    await recorder.flush();
    expect(written).toHaveLength(1);
    expect(written[0]?.events.map(({ id }) => id)).toEqual(["1"]);
    expect(written[0]?.deliveries).toHaveLength(2);
    expect(written[0]?.progress).toEqual([{ partition: 0, offset: 7, number: undefined }]);
    expect(recorded).toEqual(["1"]);
  });

  it("does not free an event before its last delivery has a row", async () => {
    const { recorder, recorded, written } = rig();
    const held = event("1", 2);
    recorder.add({ event: held, delivery: delivery("1", "a") });
    await recorder.flush();
    expect(recorded).toEqual([]);
    recorder.add({ event: held, delivery: delivery("1", "b") });
    await recorder.flush();
    expect(recorded).toEqual(["1"]);
    expect(written[1]?.events).toEqual([]);
  });

  it("makes one record of a spill and the outcome that follows it", async () => {
    const { recorder, written } = rig();
    const { attempt: _, ...spilled } = delivery("1", "a", { status: "sending" });
    recorder.add({ event: event("1"), delivery: spilled });
    recorder.add({ delivery: delivery("1", "a") });
    await recorder.flush();
    expect(written[0]?.deliveries.map(({ status }) => status)).toEqual(["delivered"]);
  });

  it("tries again until it is written when Postgres is away, and frees nothing before", async () => {
    let failures = 2;
    const { recorder, recorded, written } = rig(async () => {
      failures -= 1;
      if (failures >= 0) throw new Error("connection refused");
    });
    recorder.add({ event: event("1"), delivery: delivery("1", "a") });
    await recorder.flush();
    expect(written).toHaveLength(1);
    expect(recorded).toEqual(["1"]);
  });

  it("finds the one entry that the database refuses, and writes the others", async () => {
    const { recorder, rejected, recorded } = rig(async ({ deliveries }) => {
      if (deliveries.some(({ eventId }) => eventId === "bad")) throw badData;
    });
    for (const id of ["1", "2", "bad", "3"]) recorder.add({ event: event(id), delivery: delivery(id, "a") });
    await recorder.flush();
    expect(rejected.map((entry) => entry.delivery?.eventId)).toEqual(["bad"]);
    expect(recorded.toSorted()).toEqual(["1", "2", "3", "bad"]);
  });

  it("says when too much waits and when there is room again", async () => {
    const { recorder, pressure } = rig();
    for (let i = 0; i <= heldMax; i += 1) recorder.add({ event: event(String(i)), delivery: delivery(String(i), "a") });
    expect(pressure).toEqual([true]);
    await recorder.room();
    expect(pressure).toEqual([true, false]);
    await recorder.flush();
    expect(recorder.waiting).toBe(0);
  });
});
