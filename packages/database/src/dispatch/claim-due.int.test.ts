import { describe, expect, it } from "vitest";
import { findDelivery } from "../deliveries/find-delivery.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anAttempt, anEndpoint, type EndpointKey, eventOf, outcomesOf } from "../test-rows.ts";
import { type ClaimOptions, claimDue, type LaneAllowance } from "./claim-due.ts";
import { type DeliveryRecord, recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();

const record = (...deliveries: DeliveryRecord[]) => recordOutcomes(rig.db, outcomesOf(deliveries));
const allowance: LaneAllowance = { max: 100, leaseMs: 60_000, againInMs: 30_000 };

/** Claims of these endpoints as they may; other tests' lanes are looked at and left for them. */
const claimOf = (
  allowed: ReadonlyMap<string, Partial<LaneAllowance>>,
  options: Partial<ClaimOptions> = {},
  db = rig.db,
) =>
  claimDue(db, {
    owner: "me",
    lanesMax: 100,
    allowanceOf: (id) =>
      allowed.has(id) ? { ...allowance, ...allowed.get(id) } : { ...allowance, max: 0, againInMs: 0 },
    ...options,
  });
const claimOne = ({ endpointId }: EndpointKey, allowed: Partial<LaneAllowance> = {}, db = rig.db) =>
  claimOf(new Map([[endpointId, allowed]]), {}, db);

const idsOf = (claimed: readonly { eventId: string }[]) => claimed.map(({ eventId }) => eventId).toSorted();
const rowOf = async (delivery: DeliveryRecord) => await findDelivery(rig.db, delivery.tenantId, delivery);

/** When the lane is due, milliseconds from now; null: never. */
async function dueInMs({ endpointId }: EndpointKey): Promise<number | null> {
  const [row] = await rig.query<{ due: number | null }>(
    "SELECT (extract(epoch FROM due_at - now()) * 1000)::float AS due FROM lanes WHERE endpoint_id = $1",
    [endpointId],
  );
  return row?.due ?? null;
}
const inMs = (ms: number) =>
  expect.toSatisfy((value) => typeof value === "number" && value > ms - 5_000 && value <= ms);

describe("a claim", () => {
  it("takes what is due and leaves the rest for its time", async () => {
    const endpoint = await anEndpoint(rig.db);
    const [due, later] = [aDelivery(endpoint, { dueInMs: 0 }), aDelivery(endpoint, { dueInMs: 40_000 })];
    await record(due, later);
    expect(idsOf(await claimOne(endpoint))).toEqual([due.eventId]);
    expect((await rowOf(later))?.status).toBe("pending");
    expect(await dueInMs(endpoint)).toEqual(inMs(40_000));
    expect(await claimOne(endpoint)).toEqual([]);
  });

  it("gives all that is needed to send it", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { dueInMs: 0, partition: 7, attempt: anAttempt() });
    const event = eventOf(delivery, {
      body: '{"𝄞":"\\"\\\\"}',
      traceparent: "00-1-2-01",
      acceptedAtMs: 1_790_000_000_123,
    });
    await recordOutcomes(rig.db, outcomesOf([delivery], { events: [event] }));
    await recordOutcomes(rig.db, outcomesOf([delivery], { events: [] }));
    expect(await claimOne(endpoint)).toEqual([
      {
        ...endpoint,
        eventId: event.id,
        replay: delivery.replay,
        eventType: "order.placed",
        partition: 7,
        attemptsMade: 2,
        firstAttemptAt: anAttempt().at,
        orderKey: null,
        eventAcceptedAt: new Date(1_790_000_000_123),
        body: event.body,
        traceparent: "00-1-2-01",
      },
    ]);
  });

  it("sets a lease, until which nobody else takes the delivery, and the lane is due when it ends", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { dueInMs: 0 });
    await record(delivery);
    await claimOne(endpoint, { leaseMs: 20_000 });
    const row = await rowOf(delivery);
    expect(row).toMatchObject({ status: "sending", leaseOwner: "me" });
    expect((row?.nextAttemptAt?.getTime() ?? 0) - Date.now()).toEqual(inMs(20_000));
    expect(await dueInMs(endpoint)).toEqual(inMs(20_000));
    expect(await claimOne(endpoint)).toEqual([]);
  });

  it("takes a delivery again whose lease has run out", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { dueInMs: 0 });
    await record(delivery);
    await claimOne(endpoint, { leaseMs: 0 });
    expect(await dueInMs(endpoint)).toEqual(inMs(0));
    const claimed = await claimOf(new Map([[endpoint.endpointId, {}]]), { owner: "another" });
    expect(idsOf(claimed)).toEqual([delivery.eventId]);
    expect(await rowOf(delivery)).toMatchObject({ status: "sending", leaseOwner: "another" });
  });

  it("takes a delivery whose sender was never heard of again", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { status: "sending", leaseOwner: "dead", dueInMs: 0 });
    await record(delivery);
    expect(idsOf(await claimOne(endpoint))).toEqual([delivery.eventId]);
  });

  it("takes as many of each lane as it may, those that have waited longest first, and the lane stays due", async () => {
    const [one, other] = [await anEndpoint(rig.db), await anEndpoint(rig.db)];
    const ofOne = [-3, -2, -1, 0].map((seconds) => aDelivery(one, { dueInMs: seconds * 1_000 }));
    const ofOther = [-3, -2].map((seconds) => aDelivery(other, { dueInMs: seconds * 1_000 }));
    await record(...ofOne.toReversed(), ...ofOther.toReversed());
    const allowed = new Map([
      [one.endpointId, { max: 3 }],
      [other.endpointId, { max: 1 }],
    ]);
    expect(idsOf(await claimOf(allowed))).toEqual(idsOf([...ofOne.slice(0, 3), ...ofOther.slice(0, 1)]));
    expect(idsOf(await claimOf(allowed))).toEqual(idsOf([...ofOne.slice(3), ...ofOther.slice(1)]));
    expect(await claimOf(allowed)).toEqual([]);
    expect(await dueInMs(one)).toEqual(inMs(60_000));
  });

  it("of nothing leaves the lane due after the time that was asked for", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { dueInMs: 0 });
    await record(delivery);
    expect(await claimOne(endpoint, { max: 0, againInMs: 30_000 })).toEqual([]);
    expect(await dueInMs(endpoint)).toEqual(inMs(30_000));
    expect(await rowOf(delivery)).toMatchObject({ status: "pending" });
    await rig.query("UPDATE lanes SET due_at = now() WHERE endpoint_id = $1", [endpoint.endpointId]);
    expect(idsOf(await claimOne(endpoint))).toEqual([delivery.eventId]);
  });

  it("moves a paused lane to the end of its pause and takes nothing of it", async () => {
    const endpoint = await anEndpoint(rig.db);
    const delivery = aDelivery(endpoint, { dueInMs: 0 });
    await recordOutcomes(rig.db, outcomesOf([delivery], { pauses: [{ ...endpoint, pauseMs: 45_000 }] }));
    expect(await claimOne(endpoint)).toEqual([]);
    expect(await dueInMs(endpoint)).toEqual(inMs(45_000));
    await rig.query("UPDATE lanes SET due_at = now(), paused_until = now() WHERE endpoint_id = $1", [
      endpoint.endpointId,
    ]);
    expect(idsOf(await claimOne(endpoint))).toEqual([delivery.eventId]);
  });

  it("that discards takes what waits before its time too, but nothing that is out", async () => {
    const endpoint = await anEndpoint(rig.db);
    const [due, later] = [aDelivery(endpoint, { dueInMs: 0 }), aDelivery(endpoint, { dueInMs: 40_000 })];
    const out = aDelivery(endpoint, { status: "sending", leaseOwner: "another", dueInMs: 20_000 });
    const lost = aDelivery(endpoint, { status: "sending", leaseOwner: "dead", dueInMs: 0 });
    await record(due, later, out, lost);
    expect(idsOf(await claimOne(endpoint, { discards: true }))).toEqual(idsOf([due, later, lost]));
    expect(await rowOf(out)).toMatchObject({ status: "sending", leaseOwner: "another" });
    expect(await dueInMs(endpoint)).toEqual(inMs(20_000));
  });

  it("leaves a lane without unfinished deliveries alone from then on", async () => {
    const endpoint = await anEndpoint(rig.db);
    await rig.query("UPDATE lanes SET due_at = now() WHERE endpoint_id = $1", [endpoint.endpointId]);
    expect(await claimOne(endpoint)).toEqual([]);
    expect(await dueInMs(endpoint)).toBeNull();
  });

  it("looks at no more lanes than it may, those due longest first", async () => {
    const [late, early] = [await anEndpoint(rig.db), await anEndpoint(rig.db)];
    await record(aDelivery(late, { dueInMs: -600_000 }), aDelivery(early, { dueInMs: -900_000 }));
    const asked: string[] = [];
    const allowanceOf = (endpointId: string) => {
      asked.push(endpointId);
      return { ...allowance, max: 1 };
    };
    const claim = () => claimDue(rig.db, { owner: "me", lanesMax: 1, allowanceOf });
    expect((await claim()).map(({ endpointId }) => endpointId)).toEqual([early.endpointId]);
    await rig.query("UPDATE lanes SET due_at = now() + interval '1 hour' WHERE endpoint_id = $1", [early.endpointId]);
    expect((await claim()).map(({ endpointId }) => endpointId)).toEqual([late.endpointId]);
    expect(asked).toEqual([early.endpointId, late.endpointId]);
  });
});

describe("claims at the same time", () => {
  it("never take the same delivery: while one looks at a lane, the other passes it by", async () => {
    const endpoint = await anEndpoint(rig.db);
    const deliveries = Array.from({ length: 5 }, () => aDelivery(endpoint, { dueInMs: 0 }));
    await record(...deliveries);
    // The first stands between its two statements until the second is done.
    const other = rig.open();
    const first = await rig.connect();
    await first.query("BEGIN");
    await first.query("SELECT FROM lanes WHERE endpoint_id = $1 FOR NO KEY UPDATE", [endpoint.endpointId]);
    expect(await claimOne(endpoint, {}, other)).toEqual([]);
    await first.query("COMMIT");
    expect(idsOf(await claimOne(endpoint, {}, other))).toEqual(idsOf(deliveries));
  });

  it("share out all that is due, each delivery once", async () => {
    const pools = [rig.open({ poolMax: 1 }), rig.open({ poolMax: 1 }), rig.open({ poolMax: 1 })];
    const endpoints = [await anEndpoint(rig.db), await anEndpoint(rig.db), await anEndpoint(rig.db)];
    const deliveries = endpoints.flatMap((endpoint) =>
      Array.from({ length: 40 }, () => aDelivery(endpoint, { dueInMs: 0 })),
    );
    await record(...deliveries);
    const allowed = new Map(endpoints.map(({ endpointId }) => [endpointId, { max: 3 }]));
    const claimed: { eventId: string }[] = [];
    for (let round = 0; round < 60 && claimed.length < deliveries.length; round += 1) {
      const taken = await Promise.all(pools.map((db) => claimOf(allowed, {}, db)));
      claimed.push(...taken.flat());
    }
    expect(idsOf(claimed)).toEqual(idsOf(deliveries));
  });
});
