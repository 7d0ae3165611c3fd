import { LIVE, newId, uuidV7At } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { findDelivery } from "../deliveries/find-delivery.ts";
import { claimDue } from "../dispatch/claim-due.ts";
import { recordOutcomes } from "../dispatch/record-outcomes.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { rangeHolds } from "../ranges/range-holds.ts";
import { retainedSince } from "../ranges/retained-since.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anAttempt, anEndpoint, aTenant, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { changeReplay } from "./change-replay.ts";
import { claimReplays, releaseReplays } from "./claim-replays.ts";
import { createReplay, type NewReplay } from "./create-replay.ts";
import { endCancelledReplay } from "./end-cancelled.ts";
import { feedReplay, type ReplayStep } from "./feed-replay.ts";
import { findReplay } from "./find-replay.ts";
import { listReplays } from "./list-replays.ts";
import { loadReplayable } from "./load-replayable.ts";
import { lookAtReplay } from "./look-at-replay.ts";
import type { ReplayRow } from "./replay-row.ts";

const rig = useDatabase();
const hourMs = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms);

const newReplay = (endpointId: string, given: Partial<NewReplay> = {}): NewReplay => ({
  id: newId(),
  endpointId,
  since: ago(hourMs),
  until: new Date(Date.now() + 1_000),
  coversFrom: ago(hourMs),
  total: 0,
  totalIsExact: true,
  ...given,
});
const create = ({ tenantId, endpointId }: EndpointKey, given: Partial<NewReplay> = {}) =>
  createReplay(rig.db, tenantId, newReplay(endpointId, given));

/** A replay that `owner` works; other tests' are let go of. */
async function held(endpoint: EndpointKey, owner = newId(), given: Partial<NewReplay> = {}) {
  const created = await create(endpoint, given);
  if (!created) throw new Error("it was not made");
  await claimReplays(rig.db, owner, 1_000);
  return { replay: created, owner };
}

const find = ({ tenantId, endpointId, id }: ReplayRow) => findReplay(rig.db, tenantId, { endpointId, id });
const step = (replay: ReplayRow, owner: string, given: Partial<ReplayStep> = {}) =>
  feedReplay(rig.db, {
    tenantId: replay.tenantId,
    id: replay.id,
    owner,
    cursor: undefined,
    outstanding: [],
    deliveries: [],
    isComplete: false,
    ...given,
  });
const fed = (...eventIds: string[]) => ({
  cursor: eventIds.at(-1),
  outstanding: eventIds,
  deliveries: eventIds.map((eventId) => ({ eventId, eventType: "order.placed", partition: 3 })),
});

/** Events that are there, delivered to nobody, in order. */
async function someEvents(endpoint: EndpointKey, count: number): Promise<string[]> {
  const deliveries = Array.from({ length: count }, (_, n) =>
    aDelivery(endpoint, { eventId: uuidV7At(Date.now() - 60_000 + n, crypto.getRandomValues(new Uint8Array(10))) }),
  );
  await recordOutcomes(rig.db, { ...outcomesOf(deliveries), deliveries: [] });
  return deliveries.map(({ eventId }) => eventId);
}

describe("a replay", () => {
  it("is made running, and one at a time for an endpoint", async () => {
    const endpoint = await anEndpoint(rig.db);
    const narrowed = { statuses: ["never"], events: ["order.*"], ratePerSecond: 2.5, total: 7, totalIsExact: false };
    const replay = await create(endpoint, narrowed);
    expect(replay).toMatchObject({ ...narrowed, status: "running", cursor: null, matched: 0, outstanding: [] });
    expect(await create(endpoint)).toBeUndefined();
    expect(await create(await anEndpoint(rig.db))).toBeDefined();
    if (!replay) return;
    await held(await anEndpoint(rig.db), "me");
    await step(replay, "me", { isComplete: true });
    expect(await find(replay)).toMatchObject({ status: "completed", completedAt: expect.any(Date) });
    const second = await create(endpoint);
    const listed = await listReplays(rig.db, endpoint.tenantId, endpoint.endpointId, { limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual([second?.id, replay.id]);
  });

  it("isn't made for one that is disabled or another tenant's, nor seen or changed by another", async () => {
    const endpoint = await anEndpoint(rig.db, { enabled: false });
    expect(await create(endpoint)).toBeUndefined();
    const enabled = await anEndpoint(rig.db);
    const stranger = await aTenant(rig.db);
    expect(await create({ ...enabled, tenantId: stranger })).toBeUndefined();
    const replay = await create(enabled);
    if (!replay) throw new Error("it was not made");
    expect(await find({ ...replay, tenantId: stranger })).toBeUndefined();
    expect(await changeReplay(rig.db, stranger, replay, "cancelled")).toBeUndefined();
    expect(await listReplays(rig.db, stranger, enabled.endpointId, { limit: 1 })).toEqual([]);
  });

  it("is worked by one dispatcher, until its lease ends or it lets go", async () => {
    const { replay, owner } = await held(await anEndpoint(rig.db));
    const claimed = async (by: string) => (await claimReplays(rig.db, by, 1_000)).map(({ id }) => id);
    expect(await claimed("other")).not.toContain(replay.id);
    expect(await lookAtReplay(rig.db, replay, "other")).toBeUndefined();
    expect(await step(replay, "other", fed(newId()))).toBe(false);
    await rig.query("UPDATE replays SET lease_until = now() WHERE id = $1", [replay.id]);
    expect(await claimed("other")).toContain(replay.id);
    expect(await step(replay, owner, fed(newId()))).toBe(false);
    expect(await lookAtReplay(rig.db, replay, owner)).toBeUndefined();
    await releaseReplays(rig.db, "other");
    expect(await claimed("third")).toContain(replay.id);
    expect(await find(replay)).toMatchObject({ cursor: null, matched: 0 });
  });

  it("makes deliveries and moves on in one statement, and its endpoint's lane is due at once", async () => {
    const endpoint = await anEndpoint(rig.db);
    const ids = await someEvents(endpoint, 2);
    const { replay, owner } = await held(endpoint);
    expect(await step(replay, owner, fed(...ids))).toBe(true);
    expect(await find(replay)).toMatchObject({ cursor: ids[1], matched: 2, outstanding: ids });
    const allowanceOf = (id: string) =>
      id === endpoint.endpointId ? { max: 10, leaseMs: 1_000, againInMs: 0 } : { max: 0, leaseMs: 0, againInMs: 0 };
    const before = Date.now();
    const claimed = await claimDue(rig.db, { owner: "sender", lanesMax: 1_000, allowanceOf });
    expect(claimed.map(({ eventId, replay: of, partition }) => [eventId, of, partition])).toEqual(
      ids.map((id) => [id, replay.id, 3]),
    );
    // Its age begins with the replay, however old the event is.
    for (const { eventAcceptedAt } of claimed) expect(Math.abs(eventAcceptedAt.getTime() - before)).toBeLessThan(5_000);
  });

  it("sees which of its deliveries have had no attempt, and notes it", async () => {
    const endpoint = await anEndpoint(rig.db);
    const ids = await someEvents(endpoint, 3);
    const [first = "", second = "", third = ""] = ids;
    const { replay, owner } = await held(endpoint);
    await step(replay, owner, fed(...ids));
    expect((await lookAtReplay(rig.db, replay, owner))?.outstanding).toEqual(ids);
    const tried = { replay: replay.id, attempt: anAttempt() };
    await recordOutcomes(
      rig.db,
      outcomesOf([
        aDelivery(endpoint, { ...tried, eventId: first, status: "delivered", dueInMs: undefined }),
        aDelivery(endpoint, { ...tried, eventId: second, dueInMs: 60_000 }),
      ]),
    );
    expect((await lookAtReplay(rig.db, replay, owner))?.outstanding).toEqual([third]);
    expect(await find(replay)).toMatchObject({ matched: 3, outstanding: [third] });
  });

  it("sees whether a live delivery is due; neither its own nor one that waits for its time is", async () => {
    const endpoint = await anEndpoint(rig.db);
    const ids = await someEvents(endpoint, 1);
    const { replay, owner } = await held(endpoint);
    await step(replay, owner, fed(...ids));
    const isLiveDue = async () => (await lookAtReplay(rig.db, replay, owner))?.isLiveDue;
    expect(await isLiveDue()).toBe(false);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint, { dueInMs: 60_000 })]));
    expect(await isLiveDue()).toBe(false);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint, { dueInMs: 0 })]));
    expect(await isLiveDue()).toBe(true);
  });

  it("that is paused is let go of, and goes on where it was", async () => {
    const endpoint = await anEndpoint(rig.db);
    const [id = ""] = await someEvents(endpoint, 1);
    const { replay, owner } = await held(endpoint);
    await step(replay, owner, fed(id));
    expect(await changeReplay(rig.db, endpoint.tenantId, replay, "paused")).toMatchObject({ status: "paused" });
    expect(await lookAtReplay(rig.db, replay, owner)).toBeUndefined();
    expect(await step(replay, owner, fed(newId()))).toBe(false);
    expect((await claimReplays(rig.db, "other", 1_000)).map((each) => each.id)).not.toContain(replay.id);
    await changeReplay(rig.db, endpoint.tenantId, replay, "running");
    const claimed = await claimReplays(rig.db, "other", 1_000);
    expect(claimed.find((each) => each.id === replay.id)).toMatchObject({ cursor: id, matched: 1 });
  });

  it("that is cancelled has what waits discarded, waits for what is out, and has then ended", async () => {
    const endpoint = await anEndpoint(rig.db);
    const ids = await someEvents(endpoint, 4);
    const [out = "", ...waiting] = ids;
    const { replay, owner } = await held(endpoint);
    await step(replay, owner, fed(...ids));
    await rig.query("UPDATE deliveries SET status = 'sending' WHERE replay = $1 AND event_id = $2", [replay.id, out]);
    const cancelled = await changeReplay(rig.db, endpoint.tenantId, replay, "cancelled");
    expect(cancelled).toMatchObject({ status: "cancelled", reason: "by-request", completedAt: null });
    const end = () => endCancelledReplay(rig.db, { ...replay, owner }, 2);
    expect([await end(), await end()]).toEqual([false, false]);
    const rowOf = (eventId: string) =>
      findDelivery(rig.db, endpoint.tenantId, { ...endpoint, eventId, replay: replay.id });
    for (const id of waiting) {
      expect(await rowOf(id)).toMatchObject({ status: "discarded", reason: "replay-cancelled" });
    }
    const ended = aDelivery(endpoint, { eventId: out, replay: replay.id, attempt: anAttempt(), dueInMs: 60_000 });
    await recordOutcomes(rig.db, outcomesOf([ended]));
    expect(await end()).toBe(true);
    expect(await rowOf(out)).toMatchObject({ status: "discarded" });
    expect(await find(replay)).toMatchObject({ status: "cancelled", completedAt: expect.any(Date), outstanding: [] });
    expect(await changeReplay(rig.db, endpoint.tenantId, replay, "running")).toBeUndefined();
  });

  it("ends with its endpoint, though both are changed at the same time", async () => {
    for (let round = 0; round < 10; round += 1) {
      const endpoint = await anEndpoint(rig.db);
      const ids = await someEvents(endpoint, 3);
      const { replay, owner } = await held(endpoint);
      await Promise.all([
        step(replay, owner, fed(...ids)),
        deleteEndpoint(rig.open({ poolMax: 1 }), endpoint.tenantId, endpoint.endpointId),
      ]);
      expect(await find(replay)).toMatchObject({ status: "cancelled", reason: "endpoint-deleted" });
    }
  });

  it("holds the weeks that it has not read, and no others", async () => {
    await rig.query("UPDATE replays SET completed_at = now()");
    const week = new Date(Date.now() - 7 * 24 * hourMs);
    const [row] = await rig.query<{ name: string }>(
      "SELECT to_char(date_trunc('week', $1::timestamptz AT TIME ZONE 'UTC'), 'YYYYMMDD') AS name",
      [week],
    );
    const name = row?.name ?? "";
    const endpoint = await anEndpoint(rig.db);
    expect(await rangeHolds(rig.db, name)).toEqual([]);
    const from = new Date(Date.now() - 8 * 24 * hourMs);
    const { replay, owner } = await held(endpoint, newId(), { since: from, coversFrom: from });
    expect(await rangeHolds(rig.db, name)).toEqual(["replay"]);
    await step(replay, owner, { cursor: newId() });
    expect(await rangeHolds(rig.db, name)).toEqual([]);
  });
});

describe("what a replay reads", () => {
  it("is each event of the range in order, page by page, with what became of it at that endpoint", async () => {
    const endpoint = await anEndpoint(rig.db);
    const other = await anEndpoint(rig.db, { tenantId: endpoint.tenantId });
    const [none = "", delivered = "", failed = "", open = "", again = ""] = await someEvents(endpoint, 5);
    const ended = (eventId: string, status: "delivered" | "exhausted", replay = LIVE) =>
      aDelivery(endpoint, { eventId, replay, status, attempt: anAttempt(), dueInMs: undefined });
    await recordOutcomes(rig.db, {
      ...outcomesOf([
        ended(delivered, "delivered"),
        ended(failed, "exhausted"),
        ended(again, "exhausted"),
        ended(again, "delivered", newId()),
        aDelivery(endpoint, { eventId: open, dueInMs: 0 }),
        aDelivery(other, { eventId: none, status: "delivered", attempt: anAttempt(), dueInMs: undefined }),
      ]),
      events: [],
    });
    const range = { ...endpoint, coversFrom: ago(hourMs), until: new Date(), limit: 3 };
    const first = await loadReplayable(rig.db, { ...range, after: undefined });
    const second = await loadReplayable(rig.db, { ...range, after: first.at(-1)?.eventId });
    expect([...first, ...second].map(({ eventId, deliveries }) => [eventId, deliveries])).toEqual([
      [none, { wasDelivered: false, isOnItsWay: false, liveStatus: undefined }],
      [delivered, { wasDelivered: true, isOnItsWay: false, liveStatus: "delivered" }],
      [failed, { wasDelivered: false, isOnItsWay: false, liveStatus: "exhausted" }],
      [open, { wasDelivered: false, isOnItsWay: true, liveStatus: "pending" }],
      [again, { wasDelivered: true, isOnItsWay: false, liveStatus: "exhausted" }],
    ]);
    expect(first.map(({ body }) => body)).toEqual([undefined, undefined, undefined]);
    const [withBody] = await loadReplayable(rig.db, { ...range, after: undefined, withBodies: true });
    expect(JSON.parse(withBody?.body ?? "null")).toBeInstanceOf(Object);
    expect(await loadReplayable(rig.db, { ...range, tenantId: await aTenant(rig.db), after: undefined })).toEqual([]);
    expect(await loadReplayable(rig.db, { ...range, until: ago(hourMs / 2), after: undefined })).toEqual([]);
  });

  it("begins with the first range that is there", async () => {
    const since = await retainedSince(rig.db);
    expect(since.getTime()).toBeGreaterThan(Date.now() - 15 * 24 * hourMs);
    expect(since.getTime()).toBeLessThan(Date.now() - 6 * 24 * hourMs);
    expect([since.getUTCDay(), since.getUTCHours()]).toEqual([1, 0]);
  });
});
