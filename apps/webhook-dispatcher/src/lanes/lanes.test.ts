import type { DeliveryRecord } from "@postback/database";
import type { AttemptOutcome } from "@postback/domain";
import { describe, expect, it, vi } from "vitest";
import type { Entry } from "../record/pending-outcomes.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import { laneWaitingMax } from "./lane.ts";
import { Lanes, spillAfterMs } from "./lanes.ts";
import { anEndpoint, anOutgoing, down, heldAnswer, ok } from "./test-rig.ts";

const endpoint = anEndpoint;

interface RigOptions {
  waitingMax?: number;
  inFlightMax?: number;
  mayStart?(): boolean;
  share?: { concurrency: number };
}

function rig(over: RigOptions = {}) {
  const now = { ms: 1_000_000 };
  const sent: { id: string; answer(outcome: AttemptOutcome): Promise<void> }[] = [];
  const records: Entry[] = [];
  const calls = { slotFree: 0, gone: 0 };
  const lanes = new Lanes({
    send: (outgoing) => {
      const { result, answer } = heldAnswer();
      sent.push({ id: outgoing.eventId, answer });
      return result;
    },
    record: (entry) => records.push(entry),
    onSlotFree: () => {
      calls.slotFree += 1;
    },
    onGone: () => {
      calls.gone += 1;
    },
    onRequest: () => undefined,
    onAttempt: () => undefined,
    shareOf: ({ concurrency, ratePerSecond }) => ({ concurrency, ratePerSecond, ...over.share }),
    mayStart: over.mayStart ?? (() => true),
    owner: "me",
    waitingMax: over.waitingMax ?? 10_000,
    inFlightMax: over.inFlightMax ?? 10_000,
    clock: () => now.ms,
    dice: () => 0.5,
  });
  const deliveries = () => records.map(({ delivery }) => delivery).filter((d): d is DeliveryRecord => d !== undefined);
  return { lanes, now, sent, ids: () => sent.map(({ id }) => id), records, deliveries, calls };
}

const live = (id: string, to = endpoint(), acceptedAtMs = 1_000_000): Outgoing => anOutgoing(id, to, acceptedAtMs);
const claimed = (id: string, to = endpoint()): Outgoing => ({ ...live(id, to), isClaimed: true, event: undefined });

describe("lanes", () => {
  it("send at once while there are slots, and what waits when one is free", async () => {
    const { lanes, ids, sent } = rig();
    for (const id of ["1", "2", "3"]) lanes.offer(live(id));
    expect(ids()).toEqual(["1", "2"]);
    await sent[0]?.answer(ok);
    expect(ids()).toEqual(["1", "2", "3"]);
  });

  it("record a delivery that succeeds at first with one row, which frees its event", async () => {
    const { lanes, sent, records } = rig();
    const outgoing = live("1");
    const { event } = outgoing;
    lanes.offer(outgoing);
    await sent[0]?.answer(ok);
    expect(records).toHaveLength(1);
    expect(records[0]?.event).toBe(event);
    expect(records[0]?.delivery).toMatchObject({ status: "delivered", attempt: { outcome: "accepted", status: 200 } });
  });

  it("put a failed one into the schedule with its delay", async () => {
    const { lanes, sent, deliveries } = rig();
    lanes.offer(live("1"));
    await sent[0]?.answer(down);
    expect(deliveries()[0]).toMatchObject({
      status: "pending",
      dueInMs: 5_000,
      attempt: { outcome: "refused", status: 500 },
    });
  });

  it("give what isn't answered quickly a row with a lease, and what gets no slot a row that is due", () => {
    const { lanes, now, deliveries } = rig();
    for (const id of ["1", "2", "3"]) lanes.offer(live(id));
    now.ms += spillAfterMs - 1;
    lanes.sweep();
    expect(deliveries()).toEqual([]);
    now.ms += 1;
    lanes.sweep();
    expect(deliveries().map(({ eventId, status, dueInMs }) => [eventId, status, dueInMs])).toEqual([
      ["3", "pending", 0],
      ["1", "sending", 15_000 - spillAfterMs + 5_000],
      ["2", "sending", 15_000 - spillAfterMs + 5_000],
    ]);
    lanes.sweep();
    expect(deliveries()).toHaveLength(3);
  });

  it("count an event once, although its delivery is recorded when it is spilled and again when it ends", async () => {
    const { lanes, now, sent, records } = rig();
    lanes.offer(live("1"));
    now.ms += spillAfterMs;
    lanes.sweep();
    await sent[0]?.answer(ok);
    expect(records.map(({ event }) => event !== undefined)).toEqual([true, false]);
  });

  it("keep a bounded number in memory; the rest waits in Postgres", () => {
    const { lanes, deliveries, now } = rig();
    for (let i = 0; i < laneWaitingMax + 5; i += 1) lanes.offer(live(String(i)));
    expect(lanes.waiting).toBe(laneWaitingMax);
    expect(deliveries().map(({ status }) => status)).toEqual(["pending", "pending", "pending"]);
    now.ms += spillAfterMs;
    lanes.sweep();
    expect(lanes.waiting).toBe(0);
  });

  it("bound what waits in all lanes together", () => {
    const { lanes, deliveries } = rig({ waitingMax: 1 });
    for (const id of ["1", "2", "3", "4"]) lanes.offer(live(id));
    expect(lanes.waiting).toBe(1);
    expect(deliveries().map(({ eventId }) => eventId)).toEqual(["4"]);
  });

  it("pause the lane for a Retry-After, in memory and in the row, and send nothing before its end", async () => {
    const { lanes, now, sent, records, deliveries, ids } = rig();
    lanes.offer(live("1"));
    await sent[0]?.answer({ kind: "refused", status: 429, retryAfterMs: 60_000 });
    expect(records[0]?.pause).toEqual({ tenantId: "t", endpointId: "e", pauseMs: 60_000 });
    lanes.offer(live("2"));
    expect(deliveries()[1]).toMatchObject({ eventId: "2", status: "pending", dueInMs: 60_000 });
    now.ms += 60_000;
    lanes.offer(live("3"));
    expect(ids()).toEqual(["1", "3"]);
  });

  it("tell of a 410", async () => {
    const { lanes, sent, calls } = rig();
    lanes.offer(live("1"));
    await sent[0]?.answer({ kind: "refused", status: 410 });
    expect(calls.gone).toBe(1);
  });

  it("stop sending when the breaker opens; what waits uses up no attempt", async () => {
    const { lanes, now, sent, deliveries, ids } = rig();
    for (let i = 0; i < 5; i += 1) {
      lanes.offer(live(String(i)));
      await sent[i]?.answer(down);
    }
    lanes.offer(live("5"));
    expect(ids()).toHaveLength(5);
    expect(deliveries().at(-1)).toMatchObject({ eventId: "5", status: "pending", dueInMs: 5_000 });
    expect(deliveries().at(-1)?.attempt).toBeUndefined();
    expect(lanes.reserve(endpoint()).max).toBe(0);
    now.ms += 5_000;
    expect(lanes.reserve(endpoint()).max).toBe(1);
  });

  it("reserve for a claim only what could start, and keep those slots from live traffic until it is settled", () => {
    const { lanes, ids } = rig();
    lanes.offer(live("1"));
    expect(lanes.reserve(endpoint())).toMatchObject({ max: 1, leaseMs: 20_000 });
    lanes.offer(live("2"));
    expect(ids()).toEqual(["1"]);
    lanes.settleClaim(endpoint(), 1, [claimed("old")]);
    expect(ids()).toEqual(["1", "old"]);
    expect(lanes.waiting).toBe(1);
  });

  it("never reserve more than the rate allows", () => {
    const slow = endpoint({ concurrency: 100, ratePerSecond: 3 });
    const { lanes, ids } = rig();
    expect(lanes.reserve(slow).max).toBe(3);
    lanes.settleClaim(slow, 3, [claimed("1", slow), claimed("2", slow), claimed("3", slow)]);
    expect(ids()).toEqual(["1", "2", "3"]);
    expect(lanes.reserve(slow).max).toBe(0);
  });

  it("send what the rate holds as soon as there is a token", () => {
    vi.useFakeTimers();
    try {
      const slow = endpoint({ concurrency: 100, ratePerSecond: 2 });
      const { lanes, ids, now } = rig();
      for (const id of ["1", "2", "3"]) lanes.offer(live(id, slow));
      expect(ids()).toEqual(["1", "2"]);
      now.ms += 500;
      vi.advanceTimersByTime(500);
      expect(ids()).toEqual(["1", "2", "3"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("give a claimed delivery back, by its lease, when it gets no slot in time", () => {
    const { lanes, now, deliveries } = rig();
    lanes.settleClaim(endpoint(), 0, [claimed("1"), claimed("2"), claimed("3")]);
    now.ms += spillAfterMs;
    lanes.sweep();
    expect(deliveries()).toEqual([expect.objectContaining({ eventId: "3", status: "pending", leaseOwner: "me" })]);
  });

  it("ask for more when a slot is free and the claim had left some", async () => {
    const { lanes, sent, calls } = rig();
    const { max } = lanes.reserve(endpoint());
    lanes.settleClaim(endpoint(), max, [claimed("1"), claimed("2")]);
    await sent[0]?.answer(ok);
    expect(calls.slotFree).toBe(1);
  });

  it("give everything its row before a hand-over", () => {
    const { lanes, deliveries } = rig();
    for (const id of ["1", "2", "3"]) lanes.offer(live(id));
    lanes.spillAll();
    expect(deliveries().map(({ eventId, status }) => [eventId, status])).toEqual([
      ["3", "pending"],
      ["1", "sending"],
      ["2", "sending"],
    ]);
  });
});

/** So many endpoints of a tenant. */
const endpointsOf = (tenantId: string, count: number, over: Partial<Subscription> = {}) =>
  Array.from({ length: count }, (_, index) => endpoint({ tenantId, endpointId: `${tenantId}-${index}`, ...over }));

describe("the slots of all lanes", () => {
  it("are there for a healthy endpoint at once, while 1,000 others hang with all that they may have", async () => {
    const { lanes, sent, ids } = rig({ inFlightMax: 4_000 });
    for (const hanging of endpointsOf("t", 1_000, { concurrency: 8 })) {
      for (let count = 0; count < 8; count += 1) lanes.offer(live("hangs", hanging));
    }
    const healthy = endpoint({ endpointId: "healthy" });
    for (let count = 0; count < 50; count += 1) {
      lanes.offer(live(`fine-${count}`, healthy));
      expect(ids().at(-1)).toBe(`fine-${count}`);
      await sent.at(-1)?.answer(ok);
    }
  });

  it("go in turn to the tenants that wait, not to who asked first or most", async () => {
    const { lanes, sent, ids } = rig({ inFlightMax: 100 });
    const ask = (tenantId: string) => {
      for (const each of endpointsOf(tenantId, 60)) lanes.offer(live(tenantId, each));
    };
    for (const tenantId of ["first", "second", "third", "fourth"]) ask(tenantId);
    const before = ids().length;
    for (let at = 0; at < before; at += 1) await sent[at]?.answer(ok);
    const later = ids().slice(before);
    const of = (tenantId: string) => later.filter((id) => id === tenantId).length;
    expect(later.length).toBeGreaterThanOrEqual(20);
    expect(Math.abs(of("third") - of("fourth"))).toBeLessThanOrEqual(2);
    expect(Math.min(of("third"), of("fourth"))).toBeGreaterThanOrEqual(5);
  });
});

describe("a lane that live deliveries keep busy", () => {
  it("gives every fourth slot to what waits in Postgres, once a claim has found that something does", async () => {
    const { lanes, sent, ids, calls } = rig();
    const one = endpoint({ concurrency: 1 });
    for (let count = 0; count < 40; count += 1) lanes.offer(live("live", one));
    expect(lanes.reserve(one)).toMatchObject({ max: 0 });
    for (let at = 0; at < 12; at += 1) {
      await sent[at]?.answer(ok);
      const { max } = lanes.reserve(one);
      lanes.settleClaim(one, max, max === 0 ? [] : [claimed("scheduled", one)]);
    }
    expect(ids().slice(0, 12)).toEqual([
      ...["live", "live", "live", "scheduled"],
      ...["live", "live", "live", "scheduled"],
      ...["live", "live", "live", "scheduled"],
    ]);
    expect(calls.slotFree).toBe(3);
  });

  it("goes on with live ones when a kept slot comes to nothing", async () => {
    const { lanes, sent, ids, now } = rig();
    const one = endpoint({ concurrency: 1 });
    for (let count = 0; count < 10; count += 1) lanes.offer(live("live", one));
    lanes.reserve(one);
    for (let at = 0; at < 3; at += 1) await sent[at]?.answer(ok);
    expect(ids()).toHaveLength(3);
    const { max } = lanes.reserve(one);
    lanes.settleClaim(one, max, []);
    expect(ids()).toHaveLength(4);
    now.ms += 1;
  });
});

describe("a lane that dispatchers share", () => {
  it("without a part of it here gives all to Postgres at once, and leaves it to others there", () => {
    const share = { concurrency: 0 };
    const { lanes, ids, deliveries } = rig({ share });
    lanes.offer(live("1"));
    expect(ids()).toEqual([]);
    expect(deliveries()).toMatchObject([{ eventId: "1", status: "pending", dueInMs: 0 }]);
    expect(lanes.reserve(endpoint())).toMatchObject({ max: 0, leave: true });
  });

  it("starts nothing while another has more out than its share, and goes on as soon as it hasn't", () => {
    let isHeld = true;
    const { lanes, ids } = rig({ mayStart: () => !isHeld });
    lanes.offer(live("1"));
    expect(lanes.reserve(endpoint()).max).toBe(0);
    expect(ids()).toEqual([]);
    isHeld = false;
    lanes.adapt(() => undefined);
    expect(ids()).toEqual(["1"]);
  });

  it("is told of as over until what is out fits into a share that has shrunk", async () => {
    const share = { concurrency: 2 };
    const { lanes, sent } = rig({ share });
    for (const id of ["1", "2"]) lanes.offer(live(id));
    expect(lanes.over()).toEqual([]);
    share.concurrency = 1;
    lanes.adapt(() => undefined);
    expect(lanes.over()).toEqual(["e"]);
    await sent[0]?.answer(ok);
    expect(lanes.over()).toEqual([]);
  });

  it("begins a new part of a rate without tokens: others may just have used theirs", () => {
    const slow = endpoint({ concurrency: 100, ratePerSecond: 2 });
    const share = { concurrency: 0 };
    const { lanes, now } = rig({ share });
    expect(lanes.reserve(slow)).toMatchObject({ leave: true });
    share.concurrency = 100;
    now.ms += 60_000;
    lanes.adapt(() => undefined);
    expect(lanes.reserve(slow).max).toBe(0);
    now.ms += 500;
    expect(lanes.reserve(slow).max).toBe(1);
  });
});

describe("a breaker", () => {
  const open = (remainingMs: number) => ({ state: "open" as const, openings: 1, remainingMs });

  it("that opened is written for all, with its probe's time; one that closed, too", async () => {
    const { lanes, now, sent, records } = rig();
    for (let at = 0; at < 5; at += 1) {
      lanes.offer(live(String(at)));
      await sent[at]?.answer(down);
    }
    const breakers = () => records.flatMap(({ breaker }) => (breaker ? [breaker] : []));
    expect(breakers()).toEqual([{ tenantId: "t", endpointId: "e", state: "open", openings: 1, untilMs: 5_000 }]);
    now.ms += 5_000;
    const { max, probeMs } = lanes.reserve(endpoint(), open(0));
    expect([max, probeMs]).toEqual([1, 40_000]);
    lanes.settleClaim(endpoint(), max, [claimed("probe")]);
    await sent[5]?.answer(ok);
    expect(breakers().at(-1)).toMatchObject({ endpointId: "e", state: "closed" });
  });

  it("that another dispatcher opened holds the lane here; when all see it closed, it drains from one slot upwards", () => {
    const { lanes, ids, deliveries } = rig();
    const heed = (...held: Parameters<typeof lanes.heed>[0]) => lanes.heed(held, () => endpoint());
    heed({ endpointId: "e", pauseMs: 0, breaker: open(20_000) });
    lanes.offer(live("1"));
    expect(ids()).toEqual([]);
    expect(deliveries()).toMatchObject([{ eventId: "1", status: "pending", dueInMs: 20_000 }]);
    heed({ endpointId: "e", pauseMs: 0, breaker: null });
    expect(lanes.reserve(endpoint(), null).max).toBe(1);
  });

  it("is probed by what a claim takes alone, never by a live delivery: so one probe is out of all dispatchers", () => {
    const { lanes, ids, deliveries } = rig();
    lanes.heed([{ endpointId: "e", pauseMs: 0, breaker: open(0) }], () => endpoint());
    lanes.offer(live("1"));
    expect(ids()).toEqual([]);
    expect(deliveries()).toMatchObject([{ eventId: "1", dueInMs: 0 }]);
    expect(lanes.reserve(endpoint(), { state: "half-open", openings: 1, remainingMs: 30_000 }).max).toBe(0);
    expect(lanes.reserve(endpoint(), open(0)).max).toBe(1);
  });
});

describe("a delivery that others wait behind", () => {
  const blocking = (attemptsMade: number): Outgoing => ({
    ...claimed("1", endpoint({ ordering: "entity", valve: { skipAfterAttempts: 2 } })),
    orderKey: "order/1",
    attemptsMade,
  });

  it("holds them by its schedule, and is skipped by the valve, with its reason and its last attempt", async () => {
    const { lanes, sent, deliveries } = rig();
    for (const attemptsMade of [0, 1]) {
      lanes.settleClaim(blocking(attemptsMade).endpoint, 0, [blocking(attemptsMade)]);
      await sent[attemptsMade]?.answer(down);
    }
    expect(deliveries()).toMatchObject([
      { status: "pending", dueInMs: 5_000, orderKey: "order/1" },
      { status: "discarded", reason: "order-skipped", orderKey: "order/1", attempt: { status: 500 } },
    ]);
  });
});
