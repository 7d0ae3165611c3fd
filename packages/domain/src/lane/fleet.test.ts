import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acknowledgedBy,
  type FleetView,
  fleetFenceMs,
  fleetSilentMs,
  newStanding,
  nextMembers,
  type SharedLimits,
  type Standing,
  shareOf,
  standingAfter,
} from "./fleet.ts";
import { type LaneLimits, shareIn } from "./lane-share.ts";

const limitsArbitrary = fc.record({
  concurrency: fc.integer({ min: 1, max: 256 }),
  ratePerSecond: fc.option(fc.double({ min: 0.01, max: 1_000, noNaN: true }), { nil: undefined }),
});

describe("the shares of a generation", () => {
  it("use all slots of the endpoint, and never one more, whoever its members are", () => {
    fc.assert(
      fc.property(limitsArbitrary, fc.integer({ min: 1, max: 40 }), fc.uuid(), (limits, count, endpointId) => {
        const members = Array.from({ length: count }, (_, index) => `dispatcher-${index}`);
        const shares = members.map((me) => shareIn({ number: 1n, members }, me, endpointId, limits));
        const working = shares.filter(({ concurrency }) => concurrency > 0);
        const slots = working.reduce((sum, { concurrency }) => sum + concurrency, 0);
        const workers = limits.ratePerSecond === undefined ? count : Math.max(1, Math.floor(limits.ratePerSecond));
        expect(slots).toBe(limits.concurrency);
        expect(working.length).toBe(Math.min(count, limits.concurrency, workers));
        const { ratePerSecond } = limits;
        if (ratePerSecond === undefined) return;
        const rates = working.map((share) => share.ratePerSecond ?? Number.POSITIVE_INFINITY);
        expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeLessThanOrEqual(ratePerSecond * (1 + 1e-9));
        // A bucket holds one token at least, so as many may burst as work it.
        expect(rates.reduce((sum, rate) => sum + Math.max(1, rate), 0)).toBeLessThanOrEqual(
          Math.max(1, ratePerSecond) * (1 + 1e-9),
        );
      }),
    );
  });

  it("of endpoints with one slot are spread over all members", () => {
    const members = ["a", "b", "c", "d"];
    const limits: LaneLimits = { concurrency: 1, ratePerSecond: undefined };
    const holders = Array.from({ length: 400 }, (_, index) =>
      members.find((me) => shareIn({ number: 1n, members }, me, `endpoint-${index}`, limits).concurrency === 1),
    );
    for (const me of members) expect(holders.filter((holder) => holder === me).length).toBeGreaterThan(40);
  });

  it("are none for who is no member", () => {
    const limits = { concurrency: 8, ratePerSecond: 3 };
    expect(shareIn({ number: 1n, members: ["a"] }, "b", "e", limits).concurrency).toBe(0);
  });
});

describe("the members", () => {
  const view = (over: Partial<FleetView>): FleetView => ({
    newest: { number: 4n, members: ["a", "b", "me"] },
    lostAgoMs: undefined,
    peers: ["a", "b"].map((id) => ({ id, generation: 4n, ageMs: 100, over: [] })),
    ...over,
  });
  const silent = { id: "b", generation: 4n, ageMs: fleetSilentMs, over: [] };
  const alive = { id: "a", generation: 4n, ageMs: 100, over: [] };

  it("stay while all are heard of", () => {
    expect(nextMembers(view({}), "me", true)).toBeUndefined();
  });

  it("grow by who is new", () => {
    const peers = [...view({}).peers, { id: "c", generation: 0n, ageMs: 0, over: [] }];
    expect(nextMembers(view({ peers }), "me", true)).toEqual({ members: ["a", "b", "c", "me"], lost: false });
  });

  it("shrink by who has left, whose attempts have ended", () => {
    expect(nextMembers(view({ peers: [alive] }), "me", true)).toEqual({ members: ["a", "me"], lost: false });
  });

  it("lose who is silent, unless all were: then nobody could be heard", () => {
    expect(nextMembers(view({ peers: [alive, silent] }), "me", true)).toEqual({ members: ["a", "me"], lost: true });
    expect(nextMembers(view({ peers: [alive, silent] }), "me", false)).toBeUndefined();
  });
});

const endpoints: SharedLimits[] = [1, 2, 3, 8].map((concurrency) => ({
  endpointId: `endpoint-${concurrency}`,
  concurrency,
  ratePerSecond: undefined,
  timeoutMs: concurrency === 3 ? 30_000 : 2_000,
  isLimited: true,
}));

/** Dispatchers on one database, as the app drives them; attempts are counted where the receiver would see them. */
class World {
  now = 100_000;
  #generation = { number: 0n, members: [] as readonly string[] };
  #lostAtMs: number | undefined;
  readonly #rows = new Map<string, { generation: bigint; over: readonly string[]; atMs: number }>();
  readonly dispatchers = new Map<string, Dispatcher>();
  flights: { by: string; endpointId: string; endsAtMs: number }[] = [];

  started = 0;
  readonly #most = new Map<string, number>();

  /** The most that was out at once so far. */
  outMost(endpointId: string): number {
    return this.#most.get(endpointId) ?? 0;
  }

  outOf(endpointId: string, by?: string): number {
    const ofEndpoint = this.flights.filter((flight) => flight.endpointId === endpointId);
    return by === undefined ? ofEndpoint.length : ofEndpoint.filter((flight) => flight.by === by).length;
  }

  join(id: string): void {
    this.dispatchers.set(id, { standing: newStanding(id), beatAtMs: Number.NEGATIVE_INFINITY, steadySinceMs: 0 });
  }

  /** The statement as Postgres carries it out; its answer is taken over by `receive`, maybe much later. */
  beat(id: string): void {
    const dispatcher = this.dispatchers.get(id);
    if (!dispatcher || dispatcher.answer) return;
    const { standing } = dispatcher;
    const over = endpoints
      .filter((limits) => this.outOf(limits.endpointId, id) > shareOf(standing, limits, this.now).concurrency)
      .map(({ endpointId }) => endpointId);
    this.#rows.set(id, { generation: acknowledgedBy(standing) ?? 0n, over, atMs: this.now });
    const peers = [...this.#rows].flatMap(([peer, { generation, over, atMs }]) =>
      peer === id ? [] : [{ id: peer, generation, over, ageMs: this.now - atMs }],
    );
    const lostAgoMs = this.#lostAtMs === undefined ? undefined : this.now - this.#lostAtMs;
    dispatcher.answer = { view: { newest: this.#generation, lostAgoMs, peers }, sentAtMs: this.now };
  }

  receive(id: string): void {
    const dispatcher = this.dispatchers.get(id);
    if (!dispatcher?.answer) return;
    const { view, sentAtMs } = dispatcher.answer;
    dispatcher.answer = undefined;
    if (sentAtMs - dispatcher.beatAtMs > 2_000) dispatcher.steadySinceMs = sentAtMs;
    dispatcher.beatAtMs = sentAtMs;
    dispatcher.standing = standingAfter(dispatcher.standing, view, this.now);
    const next = nextMembers(view, id, sentAtMs - dispatcher.steadySinceMs >= 3_000);
    if (!next || view.newest.number !== this.#generation.number) return;
    this.#generation = { number: this.#generation.number + 1n, members: next.members };
    if (next.lost) this.#lostAtMs = this.now;
  }

  /** @returns whether it might */
  start(id: string, limits: SharedLimits, lastsMs: number): boolean {
    const dispatcher = this.dispatchers.get(id);
    if (!dispatcher || this.now - dispatcher.beatAtMs > fleetFenceMs) return false;
    const { standing } = dispatcher;
    if (standing.held.has(limits.endpointId)) return false;
    const { concurrency } = shareOf(standing, limits, this.now);
    if (this.outOf(limits.endpointId, id) >= concurrency) return false;
    const endsAtMs = this.now + Math.min(lastsMs, limits.timeoutMs);
    this.flights.push({ by: id, endpointId: limits.endpointId, endsAtMs });
    this.started += 1;
    this.#most.set(limits.endpointId, Math.max(this.outMost(limits.endpointId), this.outOf(limits.endpointId)));
    return true;
  }

  /** kill -9: what is out is worked on by the receiver all the same. */
  kill(id: string): void {
    this.dispatchers.delete(id);
  }

  leave(id: string): void {
    if (this.flights.some(({ by }) => by === id)) return;
    if (this.dispatchers.delete(id)) this.#rows.delete(id);
  }

  pass(ms: number): void {
    this.now += ms;
    this.flights = this.flights.filter(({ endsAtMs }) => endsAtMs > this.now);
  }

  settle(rounds: number): void {
    for (let round = 0; round < rounds; round += 1) {
      for (const id of this.dispatchers.keys()) {
        this.beat(id);
        this.receive(id);
      }
      this.pass(500);
    }
  }
}

interface Dispatcher {
  standing: Standing;
  beatAtMs: number;
  steadySinceMs: number;
  answer?: { view: FleetView; sentAtMs: number } | undefined;
}

const ids = ["a", "b", "c", "d"];

/** Some of the dispatchers, a bit for each. */
const some = fc.nat(2 ** ids.length - 1);
const change = fc.record({ what: fc.constantFrom("join", "kill", "leave"), id: fc.constantFrom(...ids) });
const tick = fc.record({
  beating: some,
  hearing: some,
  starting: some,
  lastsMs: fc.constantFrom(200, 1_500, 40_000),
  passMs: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(50, 400) },
    { weight: 1, arbitrary: fc.constantFrom(2_500, 6_500, 9_000) },
  ),
  change: fc.option(change, { freq: 8 }),
  /** So many undisturbed beats of all. */
  rounds: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }) },
  ),
});
type Tick = typeof tick extends fc.Arbitrary<infer T> ? T : never;

/** Each run of a dispatcher has an id of its own, as a process that is started again. */
class Runs {
  readonly #count = new Map<string, number>();

  of(id: string): string {
    return `${id}${this.#count.get(id) ?? 0}`;
  }

  among(mask: number): string[] {
    return ids.filter((_, index) => mask & (1 << index)).map((id) => this.of(id));
  }

  next(id: string): string {
    this.#count.set(id, (this.#count.get(id) ?? 0) + 1);
    return this.of(id);
  }
}

function play(world: World, runs: Runs, { beating, hearing, starting, lastsMs, passMs, change, rounds }: Tick): void {
  for (const id of runs.among(beating)) world.beat(id);
  for (const id of runs.among(hearing)) world.receive(id);
  if (change?.what === "join" && !world.dispatchers.has(runs.of(change.id))) world.join(runs.next(change.id));
  if (change?.what === "kill") world.kill(runs.of(change.id));
  if (change?.what === "leave") world.leave(runs.of(change.id));
  world.settle(rounds);
  for (const id of runs.among(starting)) {
    // As many as it may: the first beyond its share is refused.
    for (const limits of endpoints) while (world.start(id, limits, lastsMs)) {}
  }
  world.pass(passMs);
}

describe("dispatchers that come, go, die, and hear late of each other", () => {
  it("never have more out than an endpoint allows", () => {
    let started = 0;
    fc.assert(
      fc.property(fc.array(tick, { minLength: 40, maxLength: 150 }), (ticks) => {
        const world = new World();
        const runs = new Runs();
        world.join(runs.next("a"));
        for (const given of ticks) {
          play(world, runs, given);
          for (const { endpointId, concurrency } of endpoints) {
            expect(world.outMost(endpointId)).toBeLessThanOrEqual(concurrency);
          }
        }
        started += world.started;
      }),
      { numRuns: 300 },
    );
    expect(started).toBeGreaterThan(10_000);
  });

  it("have the whole of every endpoint between them again, soon after a change", () => {
    const world = new World();
    for (const id of ids) world.join(id);
    world.settle(4);
    const slots = () =>
      endpoints.map((limits) =>
        [...world.dispatchers.values()].reduce(
          (sum, { standing }) => sum + shareOf(standing, limits, world.now).concurrency,
          0,
        ),
      );
    expect(slots()).toEqual([1, 2, 3, 8]);
    world.leave("a");
    world.settle(4);
    expect(slots()).toEqual([1, 2, 3, 8]);
    world.kill("b");
    world.settle((fleetSilentMs + 31_000) / 500 + 4);
    expect(slots()).toEqual([1, 2, 3, 8]);
  });
});
