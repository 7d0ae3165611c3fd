import type { AttemptOutcome } from "@postback/domain";
import { expect, it } from "vitest";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { Outgoing } from "./held.ts";
import { Lanes } from "./lanes.ts";
import { anEndpoint, anOutgoing, gone, heldAnswer, ok } from "./test-rig.ts";

const endpointAt = (url: string): Subscription =>
  anEndpoint({ target: { id: "e", url, timeoutMs: 15_000, concurrency: 2 } });
const endpoint = endpointAt("https://example.com/old");

function rig() {
  const sent: { id: string; url: string; answer(outcome: AttemptOutcome): Promise<void> }[] = [];
  const spilled: string[] = [];
  const lanes = new Lanes({
    send: (outgoing) => {
      const { result, answer } = heldAnswer();
      sent.push({ id: outgoing.eventId, url: outgoing.endpoint.target.url, answer });
      return result;
    },
    record: ({ delivery }) => {
      if (delivery?.status === "pending") spilled.push(delivery.eventId);
    },
    onSlotFree: () => undefined,
    onGone: () => undefined,
    onRequest: () => undefined,
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

const live = (eventId: string): Outgoing => anOutgoing(eventId, endpoint, 1_000_000);

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
