import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { findDelivery } from "../deliveries/find-delivery.ts";
import { isDataFailure, sqlStateOf } from "../failures.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anAttempt, anEndpoint, anEvent, type EndpointKey, newPartition, outcomesOf } from "../test-rows.ts";
import { findRecorded } from "./find-recorded.ts";
import { loadHeldLanes } from "./load-held-lanes.ts";
import { loadProgress } from "./load-progress.ts";
import { type DeliveryRecord, type Outcomes, recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();

const record = (deliveries: readonly DeliveryRecord[], given: Partial<Outcomes> = {}) =>
  recordOutcomes(rig.db, outcomesOf(deliveries, given));

const rowOf = async (delivery: DeliveryRecord) => {
  const row = await findDelivery(rig.db, delivery.tenantId, delivery);
  if (!row) throw new Error("the delivery has no row");
  return row;
};

/** When a lane is due and until when it is paused, milliseconds from now. */
const laneOf = async ({ endpointId }: EndpointKey) => {
  const [row] = await rig.query<{ due: number | null; pause: number | null }>(
    `SELECT (extract(epoch FROM due_at - now()) * 1000)::float AS due,
       (extract(epoch FROM paused_until - now()) * 1000)::float AS pause FROM lanes WHERE endpoint_id = $1`,
    [endpointId],
  );
  return { dueInMs: row?.due ?? null, pauseInMs: row?.pause ?? null };
};
const inMs = (ms: number) =>
  expect.toSatisfy((value) => typeof value === "number" && value > ms - 5_000 && value <= ms);
const fromNow = (at: Date | null) => (at === null ? null : at.getTime() - Date.now());

const accepted = anAttempt({ outcome: "accepted", status: 200 });
const delivered = { status: "delivered", attempt: accepted, dueInMs: undefined } as const;

describe("recording", () => {
  it("makes one row per event and one per delivery, also when the same batch is written again", async () => {
    const endpoint = await anEndpoint(rig.db);
    const other = await anEndpoint(rig.db, { tenantId: endpoint.tenantId });
    const event = anEvent({ tenantId: endpoint.tenantId, body: '{"text":"𝄞 \\"quoted\\""}', logOffset: 9 });
    const deliveries = [endpoint, other].map((key) => aDelivery(key, { eventId: event.id, ...delivered }));
    const batch = outcomesOf(deliveries, { events: [event] });
    await recordOutcomes(rig.db, batch);
    const rows = await Promise.all(deliveries.map(rowOf));
    await recordOutcomes(rig.db, batch);
    const bodies = await rig.query("SELECT body, log_offset FROM events WHERE tenant_id = $1", [event.tenantId]);
    expect(bodies).toEqual([{ body: event.body, log_offset: "9" }]);
    for (const row of rows) {
      expect(row).toMatchObject({ status: "delivered", attempts: [accepted], nextAttemptAt: null, leaseOwner: null });
      expect(row.completedAt).toEqual(expect.any(Date));
    }
    const again = await Promise.all(deliveries.map(rowOf));
    expect(again).toEqual(rows.map((row) => ({ ...row, attempts: [accepted, accepted] })));
    const recorded = await findRecorded(rig.db, [{ tenant: event.tenantId, id: event.id }]);
    expect(recorded.map(({ endpointId }) => endpointId).toSorted()).toEqual(
      deliveries.map((d) => d.endpointId).toSorted(),
    );
  });

  it("writes an event that nobody subscribed to", async () => {
    const event = anEvent();
    await record([], { events: [event] });
    expect(await rig.query("SELECT id FROM events WHERE tenant_id = $1", [event.tenantId])).toEqual([{ id: event.id }]);
    expect(await findRecorded(rig.db, [{ tenant: event.tenantId, id: event.id }])).toEqual([]);
  });

  it("keeps the attempts in order while a delivery goes on", async () => {
    const delivery = aDelivery(await anEndpoint(rig.db), { dueInMs: 60_000 });
    const attempts = [500, 502, 503].map((status) => anAttempt({ status }));
    for (const attempt of attempts) await record([{ ...delivery, attempt }]);
    const waiting = await rowOf(delivery);
    expect(waiting).toMatchObject({ status: "pending", attempts, completedAt: null });
    expect(fromNow(waiting.nextAttemptAt)).toEqual(inMs(60_000));
    await record([{ ...delivery, ...delivered }]);
    expect(await rowOf(delivery)).toMatchObject({
      status: "delivered",
      attempts: [...attempts, accepted],
      nextAttemptAt: null,
    });
  });

  it("keeps what receivers answer as it is, whatever it consists of", async () => {
    const text = `{"a":"\\n"},NULL,\\,\n\t\r\u0001\u007f,'𝄞'`;
    const endpoint = await anEndpoint(rig.db);
    const attempt = anAttempt({ outcome: "refused", status: 500, response: text });
    const some = aDelivery(endpoint, { status: "discarded", reason: text, eventType: text, attempt });
    const plain = aDelivery(endpoint, { attempt: anAttempt({ response: "" }) });
    await record([plain, some]);
    expect(await rowOf(some)).toMatchObject({ attempts: [attempt], reason: text, eventType: text });
    expect(await rowOf(plain)).toMatchObject({ attempts: [plain.attempt], reason: null });
  });

  it("keeps deliveries of the same event to the same endpoint apart by their replay", async () => {
    const live = aDelivery(await anEndpoint(rig.db));
    const replayed = { ...live, replay: newId(), ...delivered };
    await record([live]);
    await record([replayed]);
    expect((await rowOf(live)).status).toBe("pending");
    expect((await rowOf(replayed)).status).toBe("delivered");
  });
});

describe("a delivery that is there already", () => {
  const ended = [
    { status: "delivered", reason: undefined },
    { status: "exhausted", reason: undefined },
    { status: "expired", reason: undefined },
    { status: "discarded", reason: "endpoint-disabled" },
  ] as const;

  it.each(["pending", "sending", "exhausted", "expired", "discarded"] as const)(
    "becomes delivered by an accepted attempt, though it is %s",
    async (status) => {
      const isOpen = status === "pending" || status === "sending";
      const reason = status === "discarded" ? "endpoint-disabled" : undefined;
      const delivery = aDelivery(await anEndpoint(rig.db), { status, reason, dueInMs: isOpen ? 60_000 : undefined });
      await record([delivery]);
      await record([{ ...delivery, ...delivered, reason: undefined }]);
      const row = await rowOf(delivery);
      expect(row).toMatchObject({
        status: "delivered",
        reason: null,
        nextAttemptAt: null,
        leaseOwner: null,
        attempts: [accepted],
      });
      expect(row.completedAt).toEqual(expect.any(Date));
    },
  );

  it.each(ended)(
    "and $status stays so after a failed attempt, which is kept in the list and nothing else",
    async (end) => {
      const delivery = aDelivery(await anEndpoint(rig.db), { ...end, dueInMs: undefined });
      await record([delivery]);
      const before = await rowOf(delivery);
      const attempt = anAttempt();
      await record([{ ...delivery, status: "pending", reason: undefined, attempt, dueInMs: 1_000 }]);
      await record([{ ...delivery, status: "exhausted", reason: undefined, attempt }]);
      expect(await rowOf(delivery)).toEqual({ ...before, attempts: [attempt, attempt] });
    },
  );

  it.each(ended)("and $status is not overwritten by a spill", async (end) => {
    const delivery = aDelivery(await anEndpoint(rig.db), { ...end, dueInMs: undefined });
    await record([delivery]);
    const before = await rowOf(delivery);
    await record([{ ...delivery, status: "pending", reason: undefined, dueInMs: 0 }]);
    await record([{ ...delivery, status: "sending", reason: undefined, dueInMs: 0, leaseOwner: "me" }]);
    expect(await rowOf(delivery)).toEqual(before);
  });

  it.each(["pending", "sending"] as const)("and %s is not overwritten by a spill", async (status) => {
    const delivery = aDelivery(await anEndpoint(rig.db), { status, dueInMs: 60_000, leaseOwner: "owner" });
    await record([delivery]);
    const before = await rowOf(delivery);
    await record([{ ...delivery, status: "pending", dueInMs: 0, leaseOwner: undefined }]);
    await record([{ ...delivery, status: "sending", dueInMs: 0, leaseOwner: "another" }]);
    expect(await rowOf(delivery)).toEqual(before);
  });

  it("and leased is given back by whoever holds the lease", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { status: "sending", dueInMs: 60_000, leaseOwner: "owner" });
    await record([delivery]);
    await record([{ ...delivery, status: "pending", dueInMs: 0 }]);
    expect(await rowOf(delivery)).toMatchObject({ status: "pending", attempts: [], leaseOwner: null });
    expect((await laneOf(endpoint)).dueInMs).toEqual(inMs(0));
  });

  it("ends without an attempt when it is given up, with the reason", async () => {
    const delivery = aDelivery(await anEndpoint(rig.db));
    await record([delivery]);
    await record([{ ...delivery, status: "discarded", reason: "endpoint-disabled", dueInMs: undefined }]);
    const row = await rowOf(delivery);
    expect(row).toMatchObject({ status: "discarded", reason: "endpoint-disabled", attempts: [], nextAttemptAt: null });
    expect(row.completedAt).toEqual(expect.any(Date));
  });
});

describe("a lane", () => {
  it("is due when the earliest of its deliveries is, and is never put off by a later one", async () => {
    const endpoint = await anEndpoint(rig.db);
    const idle = await anEndpoint(rig.db, { tenantId: endpoint.tenantId });
    expect(await laneOf(endpoint)).toEqual({ dueInMs: null, pauseInMs: null });
    await record([300_000, 60_000, 120_000].map((dueInMs) => aDelivery(endpoint, { dueInMs })));
    expect((await laneOf(endpoint)).dueInMs).toEqual(inMs(60_000));
    await record([aDelivery(endpoint, { dueInMs: 200_000 })]);
    expect((await laneOf(endpoint)).dueInMs).toEqual(inMs(60_000));
    await record([aDelivery(endpoint, { status: "sending", dueInMs: 20_000, leaseOwner: "me" })]);
    expect((await laneOf(endpoint)).dueInMs).toEqual(inMs(20_000));
    expect((await laneOf(idle)).dueInMs).toBeNull();
  });

  it("is not woken by deliveries that have ended", async () => {
    const endpoint = await anEndpoint(rig.db);
    await record([aDelivery(endpoint, delivered), aDelivery(endpoint, { ...delivered, status: "exhausted" })]);
    expect((await laneOf(endpoint)).dueInMs).toBeNull();
  });

  it("is paused as long as was asked, never shorter by a later answer, and others see it", async () => {
    const endpoint = await anEndpoint(rig.db);
    await record([], { pauses: [{ ...endpoint, pauseMs: 60_000 }] });
    await record([], { pauses: [{ ...endpoint, pauseMs: 1_000 }] });
    expect(await laneOf(endpoint)).toEqual({ dueInMs: null, pauseInMs: inMs(60_000) });
    const paused = (await loadHeldLanes(rig.db)).filter(({ endpointId }) => endpointId === endpoint.endpointId);
    expect(paused).toEqual([{ endpointId: endpoint.endpointId, pauseMs: inMs(60_000), breaker: null }]);
  });

  it("is paused and made due in one batch", async () => {
    const endpoint = await anEndpoint(rig.db);
    await record([aDelivery(endpoint, { dueInMs: 5_000, attempt: anAttempt({ status: 429 }) })], {
      pauses: [{ ...endpoint, pauseMs: 60_000 }],
    });
    expect(await laneOf(endpoint)).toEqual({ dueInMs: inMs(5_000), pauseInMs: inMs(60_000) });
  });
});

describe("progress", () => {
  it("only grows, offset and number each for itself", async () => {
    const [one, other] = [newPartition(), newPartition()];
    const number = "9223372036854775806";
    await record([], {
      progress: [
        { partition: one, offset: 10, number },
        { partition: other, offset: 3 },
      ],
    });
    await record([], { progress: [{ partition: one, offset: 12, number: "5" }] });
    await record([], { progress: [{ partition: one, offset: 7, number: "9223372036854775807" }] });
    const progress = await loadProgress(rig.db, [one, other, newPartition()]);
    expect(progress.toSorted((a, b) => a.partition - b.partition)).toEqual([
      { partition: one, offset: 12, number: 9_223_372_036_854_775_807n },
      { partition: other, offset: 3, number: 0n },
    ]);
  });
});

describe("a batch", () => {
  it.each([
    ["an id outside every range", { eventId: "01000000-0000-7000-8000-000000000000" }],
    ["text that jsonb can't hold", { attempt: anAttempt({ response: "\u0000" }) }],
    ["an id that is none", { eventId: "not-an-id" }],
  ])("with %s fails whole, as its data's fault", async (_, bad) => {
    const endpoint = await anEndpoint(rig.db);
    const partition = newPartition();
    const fine = aDelivery(endpoint, { dueInMs: 0 });
    const failing = recordOutcomes(rig.db, {
      events: [anEvent({ tenantId: endpoint.tenantId, id: fine.eventId })],
      deliveries: [fine, aDelivery(endpoint, bad)],
      progress: [{ partition, offset: 1 }],
      pauses: [{ ...endpoint, pauseMs: 1_000 }],
    });
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(sqlStateOf(error)).toMatch(/^2[23]/);
    expect(isDataFailure(error)).toBe(true);
    expect(await rig.query("SELECT FROM deliveries WHERE event_id = $1", [fine.eventId])).toEqual([]);
    expect(await rig.query("SELECT FROM events WHERE id = $1", [fine.eventId])).toEqual([]);
    expect(await loadProgress(rig.db, [partition])).toEqual([]);
    expect(await laneOf(endpoint)).toEqual({ dueInMs: null, pauseInMs: null });
  });

  it("and another of the same deliveries in another order don't lock each other out", async () => {
    const other = rig.open();
    const endpoints = [await anEndpoint(rig.db), await anEndpoint(rig.db)] as const;
    const pauses = endpoints.map((endpoint) => ({ ...endpoint, pauseMs: 1 }));
    for (let round = 0; round < 5; round += 1) {
      const deliveries = Array.from({ length: 150 }, (_, n) => aDelivery(endpoints[n % 2 === 0 ? 0 : 1], delivered));
      const batch = outcomesOf(deliveries, { pauses });
      const turned = {
        ...batch,
        events: batch.events.toReversed(),
        deliveries: deliveries.toReversed(),
        pauses: pauses.toReversed(),
      };
      await Promise.all([recordOutcomes(rig.db, batch), recordOutcomes(other, turned)]);
      const [row] = await rig.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM deliveries WHERE event_id = ANY($1) AND jsonb_array_length(attempts) = 2",
        [deliveries.map(({ eventId }) => eventId)],
      );
      expect(row?.count).toBe(150);
    }
  });
});
