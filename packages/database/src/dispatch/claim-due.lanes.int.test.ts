import { beforeEach, describe, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anEndpoint, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { claimDue, type LaneAllowance } from "./claim-due.ts";
import { loadHeldLanes, type SharedBreaker } from "./load-held-lanes.ts";
import { type LaneBreaker, recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();
beforeEach(() => rig.query("TRUNCATE deliveries; UPDATE lanes SET due_at = NULL, breaker = NULL"));

const inMs = (ms: number) => expect.toSatisfy((value) => value > ms - 5_000 && value <= ms);
const claim = (allowed: Partial<LaneAllowance>, seen: (SharedBreaker | null)[] = []) =>
  claimDue(rig.db, {
    owner: "me",
    lanesMax: 100,
    allowanceOf: (_, breaker) => {
      seen.push(breaker);
      return { max: 10, leaseMs: 60_000, againInMs: 30_000, ...allowed };
    },
  });
const turn = (endpoint: EndpointKey, given: Partial<LaneBreaker>) =>
  recordOutcomes(
    rig.db,
    outcomesOf([], { breakers: [{ ...endpoint, state: "open", openings: 1, untilMs: 0, ...given }] }),
  );
/** As a dispatcher sees it that looks every half second, and as one does that has just started: held back or not. */
const breakerOf = async ({ endpointId }: EndpointKey) => {
  const changed = (await loadHeldLanes(rig.db, 500)).find((lane) => lane.endpointId === endpointId);
  const held = (await loadHeldLanes(rig.db)).find((lane) => lane.endpointId === endpointId);
  expect(held?.breaker ?? null).toEqual(
    changed?.breaker === null ? null : { ...changed?.breaker, remainingMs: expect.any(Number) },
  );
  return changed?.breaker;
};
async function dueInMs({ endpointId }: EndpointKey): Promise<number> {
  const [row] = await rig.query<{ due: number }>(
    "SELECT (extract(epoch FROM due_at - now()) * 1000)::float AS due FROM lanes WHERE endpoint_id = $1",
    [endpointId],
  );
  return row?.due ?? Number.NaN;
}

describe("a lane that others work", () => {
  it("stays due, in its place, and nothing of it is taken", async () => {
    const endpoint = await anEndpoint(rig.db);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint)]));
    const before = await rig.query("SELECT due_at FROM lanes WHERE endpoint_id = $1", [endpoint.endpointId]);
    expect(await claim({ max: 0, leave: true })).toEqual([]);
    expect(await rig.query("SELECT due_at FROM lanes WHERE endpoint_id = $1", [endpoint.endpointId])).toEqual(before);
    expect(await claim({})).toHaveLength(1);
  });

  it("goes to the end of the line after a while, so that it holds nobody up, and is due all the same", async () => {
    const endpoint = await anEndpoint(rig.db);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint, { dueInMs: -60_000 })]));
    await claim({ max: 0, leave: true });
    expect(await dueInMs(endpoint)).toEqual(inMs(0));
    expect(await claim({})).toHaveLength(1);
  });
});

describe("a breaker", () => {
  it("that opens is seen by all, with the time to its probe; one that closes, too", async () => {
    const endpoint = await anEndpoint(rig.db);
    await turn(endpoint, { openings: 3, untilMs: 20_000 });
    expect(await breakerOf(endpoint)).toEqual({ state: "open", openings: 3, remainingMs: inMs(20_000) });
    await turn(endpoint, { state: "closed" });
    expect(await breakerOf(endpoint)).toBeNull();
  });

  it("is shown to each claim, and half-open for all with the probe that one claim takes", async () => {
    const endpoint = await anEndpoint(rig.db);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint), aDelivery(endpoint)]));
    await turn(endpoint, { openings: 2 });
    const seen: (SharedBreaker | null)[] = [];
    expect(await claim({ max: 1, probeMs: 40_000 }, seen)).toHaveLength(1);
    expect(seen).toEqual([{ state: "open", openings: 2, remainingMs: inMs(0) }]);
    expect(await breakerOf(endpoint)).toEqual({ state: "half-open", openings: 2, remainingMs: inMs(40_000) });
  });

  it("stays open where there was nothing to probe with", async () => {
    const endpoint = await anEndpoint(rig.db);
    await turn(endpoint, {});
    await rig.query("UPDATE lanes SET due_at = now() WHERE endpoint_id = $1", [endpoint.endpointId]);
    expect(await claim({ max: 1, probeMs: 40_000 })).toEqual([]);
    expect(await breakerOf(endpoint)).toMatchObject({ state: "open" });
  });

  it("that closes makes due at once what waited for it", async () => {
    const endpoint = await anEndpoint(rig.db);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint, { dueInMs: 300_000 })]));
    await turn(endpoint, { state: "closed" });
    expect(await dueInMs(endpoint)).toEqual(inMs(0));
  });
});
