import type { AttemptOutcome } from "@postback/domain";
import { expect, it } from "vitest";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { HeldEvent, Outgoing } from "./held.ts";
import { Lanes } from "./lanes.ts";

const ok: AttemptOutcome = { kind: "accepted", status: 200 };
const gone: AttemptOutcome = { kind: "refused", status: 410 };

const endpointAt = (url: string): Subscription => ({
  tenantId: "t",
  endpointId: "e",
  patterns: [],
  target: { id: "e", url, timeoutMs: 15_000, concurrency: 2 },
  format: "standard",
  concurrency: 2,
  timeoutMs: 15_000,
  ratePerSecond: undefined,
  isLimited: false,
  ordering: "none",
  valve: {},
  retrySchedule: [5, 300],
  enabled: true,
  deleted: false,
  keys: [],
});
const endpoint = endpointAt("https://example.com/old");

function rig() {
  const sent: { id: string; url: string; answer(outcome: AttemptOutcome): Promise<void> }[] = [];
  const spilled: string[] = [];
  const lanes = new Lanes({
    send: (outgoing) => {
      const { promise, resolve } = Promise.withResolvers<{ outcome: AttemptOutcome; durationMs: number }>();
      const answer = async (outcome: AttemptOutcome) => {
        resolve({ outcome, durationMs: 1 });
        await promise;
        await Promise.resolve();
      };
      sent.push({ id: outgoing.eventId, url: outgoing.endpoint.target.url, answer });
      return promise;
    },
    record: ({ delivery }) => {
      if (delivery?.status === "pending") spilled.push(delivery.eventId);
    },
    onSlotFree: () => undefined,
    onGone: () => undefined,
    onAttempt: () => undefined,
    shareOf: ({ concurrency, ratePerSecond }) => ({ concurrency, ratePerSecond }),
    mayStart: () => true,
    owner: "me",
    waitingMax: 100,
    inFlightMax: 1_000,
    clock: () => 1_000_000,
    dice: () => 0.5,
  });
  return { lanes, sent, spilled, ids: () => sent.map(({ id }) => id) };
}

const live = (eventId: string): Outgoing => ({
  tenantId: "t",
  eventId,
  eventType: "a.b",
  partition: 0,
  replay: "00000000-0000-0000-0000-000000000000",
  body: Buffer.from("{}"),
  traceparent: undefined,
  acceptedAtMs: 1_000_000,
  attemptsMade: 0,
  firstAttemptAtMs: undefined,
  orderKey: undefined,
  isClaimed: false,
  endpoint,
  event: { unrecorded: 1 } as HeldEvent,
});

it("sends one delivery first to an endpoint that is told again, and more after its success", async () => {
  const { lanes, sent, spilled, ids } = rig();
  lanes.probeFirst(endpoint);
  for (const id of ["a", "b"]) lanes.offer(live(id));
  expect([ids(), spilled]).toEqual([["a"], ["b"]]);
  await sent[0]?.answer(ok);
  lanes.offer(live("c"));
  expect(ids()).toEqual(["a", "c"]);
});

it("doesn't hold it for the 410 of before", async () => {
  const { lanes, sent, ids } = rig();
  lanes.offer(live("a"));
  await sent[0]?.answer(gone);
  lanes.offer(live("b"));
  expect(ids()).toEqual(["a"]);
  lanes.probeFirst(endpoint);
  lanes.offer(live("c"));
  expect(ids()).toEqual(["a", "c"]);
});

it("sends what has waited for a slot to where the endpoint is now", async () => {
  const { lanes, sent } = rig();
  for (const id of ["a", "b", "c"]) lanes.offer(live(id));
  lanes.adapt(() => endpointAt("https://example.com/new"));
  await sent[0]?.answer(ok);
  expect(sent.map(({ id, url }) => [id, url.split("/").at(-1)])).toEqual([
    ["a", "old"],
    ["b", "old"],
    ["c", "new"],
  ]);
});
