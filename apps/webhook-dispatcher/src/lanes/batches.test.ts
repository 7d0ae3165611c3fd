import type { AttemptOutcome } from "@postback/domain";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Entry } from "../record/pending-outcomes.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import { Lanes, spillAfterMs } from "./lanes.ts";
import { anEndpoint, anOutgoing, down, gone, heldAnswer, ok } from "./test-rig.ts";

const maxWaitMs = 100;

const endpoint = (over: Partial<Subscription> = {}): Subscription =>
  anEndpoint({ concurrency: 1, batch: { maxEvents: 3, maxWaitMs }, ...over });

function rig() {
  const sent: { ids: string[]; answer(outcome: AttemptOutcome): Promise<void> }[] = [];
  const records: Entry[] = [];
  const calls = { requests: 0, gone: 0 };
  const lanes = new Lanes({
    send: (outgoing, others) => {
      const { result, answer } = heldAnswer();
      sent.push({ ids: [outgoing, ...others].map(({ eventId }) => eventId), answer });
      return result;
    },
    record: (entry) => records.push(entry),
    onSlotFree: () => undefined,
    onGone: () => {
      calls.gone += 1;
    },
    onRequest: () => {
      calls.requests += 1;
    },
    onAttempt: () => undefined,
    shareOf: ({ concurrency, ratePerSecond }) => ({ concurrency, ratePerSecond }),
    mayStart: () => true,
    owner: "me",
    waitingMax: 10_000,
    inFlightMax: 10_000,
    clock: Date.now,
    dice: Math.random,
  });
  const of = () =>
    records.map(({ delivery }) => [delivery?.eventId, delivery?.status, delivery?.attempt?.outcome] as const);
  return { lanes, sent, ids: () => sent.map(({ ids }) => ids), records, of, calls };
}

const live = (id: string, to = endpoint()): Outgoing => anOutgoing(id, to, Date.now());
const claimed = (id: string, replay?: string): Outgoing => ({
  ...live(id),
  ...(replay === undefined ? {} : { replay }),
  isClaimed: true,
  event: undefined,
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an endpoint with batches", () => {
  it("gets a full batch at once, and what is left when the first of it has waited its time", async () => {
    const { lanes, sent, ids } = rig();
    for (const id of ["1", "2", "3", "4"]) lanes.offer(live(id));
    expect(ids()).toEqual([["1", "2", "3"]]);
    await sent[0]?.answer(ok);
    await vi.advanceTimersByTimeAsync(maxWaitMs - 1);
    expect(ids()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids()).toEqual([["1", "2", "3"], ["4"]]);
  });

  it("has one slot in use, one token and one success or failure for each request", async () => {
    const { lanes, sent, ids, calls } = rig();
    for (let n = 1; n <= 6; n += 1) lanes.offer(live(String(n)));
    expect([ids().length, lanes.inFlight]).toEqual([1, 1]);
    await sent[0]?.answer(down);
    await sent[1]?.answer(down);
    // Six deliveries failed, by two requests: the breaker opens at five failures in a row.
    expect([calls.requests, lanes.countByBreaker()]).toEqual([2, { closed: 1, open: 0, "half-open": 0 }]);
  });

  it("has its answer on each delivery, and those that failed together are due together", async () => {
    const { lanes, sent, records, of } = rig();
    for (const id of ["1", "2", "3"]) lanes.offer(live(id));
    await sent[0]?.answer(down);
    expect(of()).toEqual(["1", "2", "3"].map((id) => [id, "pending", "refused"]));
    expect(records.every(({ event }) => event !== undefined)).toBe(true);
    const [first, ...others] = records.map(({ delivery }) => ({ at: delivery?.attempt?.at, due: delivery?.dueInMs }));
    for (const other of others) expect(other).toEqual(first);
  });

  it("is disabled once by a 410 to a batch", async () => {
    const { lanes, sent, calls } = rig();
    for (const id of ["1", "2", "3"]) lanes.offer(live(id));
    await sent[0]?.answer(gone);
    expect(calls.gone).toBe(1);
  });

  it("gets what the schedule gives in full batches, before what is only gathered, a replay's apart", async () => {
    const { lanes, sent, ids } = rig();
    lanes.offer(live("new"));
    const { max } = lanes.reserve(endpoint());
    expect(max).toBe(3);
    lanes.settleClaim(endpoint(), max, [claimed("1"), claimed("2", "r"), claimed("3", "r")]);
    expect(ids()).toEqual([["1", "new"]]);
    await sent[0]?.answer(ok);
    expect(ids()).toEqual([
      ["1", "new"],
      ["2", "3"],
    ]);
    await sent[1]?.answer(ok);
    expect(lanes.reserve(endpoint()).max).toBe(3);
  });

  it("is given rows for what is out or has no slot after its time, and for all before a hand-over", async () => {
    const { lanes, of } = rig();
    for (const id of ["1", "2", "3", "4"]) lanes.offer(live(id));
    await vi.advanceTimersByTimeAsync(spillAfterMs);
    lanes.sweep();
    expect(of()).toEqual(["1", "2", "3"].map((id) => [id, "sending", undefined]));
    await vi.advanceTimersByTimeAsync(maxWaitMs);
    lanes.sweep();
    expect(of().at(-1)).toEqual(["4", "pending", undefined]);
    lanes.offer(live("5"));
    lanes.spillAll();
    expect(of().at(-1)).toEqual(["5", "pending", undefined]);
  });

  it("is sent what was gathered, each by itself, when it wants no batches any more", async () => {
    const { lanes, ids } = rig();
    for (const id of ["1", "2"]) lanes.offer(live(id));
    lanes.adapt(() => endpoint({ batch: undefined, concurrency: 2 }));
    expect(ids()).toEqual([["1"], ["2"]]);
  });

  it("waits in the schedule while its breaker is open, and one batch is the probe", async () => {
    const { lanes, sent, of } = rig();
    for (let n = 1; n <= 15; n += 1) lanes.offer(live(String(n)));
    for (let request = 0; request < 5; request += 1) await sent[request]?.answer(down);
    expect(lanes.countByBreaker().open).toBe(1);
    for (const id of ["a", "b", "c"]) lanes.offer(live(id));
    expect(of().slice(-3)).toEqual(["a", "b", "c"].map((id) => [id, "pending", undefined]));
    await vi.advanceTimersByTimeAsync(10_000);
    const { max, probeMs } = lanes.reserve(endpoint());
    expect([max, probeMs !== undefined]).toEqual([3, true]);
    lanes.settleClaim(endpoint(), max, [claimed("a"), claimed("b"), claimed("c")]);
    expect(sent.at(-1)?.ids).toEqual(["a", "b", "c"]);
  });
});
