import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairTurns } from "./fair-turns.ts";
import { mayTakeSlot, type SendKind } from "./send-slots.ts";

const max = 4_000;

class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(...keys: string[]): void {
    for (const key of keys) this.#counts.set(key, this.of(key) + 1);
  }
}

/** Who takes as many as it may, again and again, until nobody may take one more. */
function filled(lanes: readonly { tenant: string; wants: number; kind?: SendKind }[]) {
  const counts = new Counts();
  const takes = ({ tenant, wants, kind = "live" }: (typeof lanes)[number], index: number): boolean => {
    const keys = ["all", `kind ${kind}`, `tenant ${tenant}`, `lane ${index}`] as const;
    const [inFlight, ofKind, ofTenant, ofLane] = keys.map((key) => counts.of(key)) as [number, number, number, number];
    if (ofLane >= wants || !mayTakeSlot({ inFlight, ofKind, ofTenant, ofLane }, max, kind)) return false;
    counts.add(...keys);
    return true;
  };
  while (lanes.filter(takes).length > 0) {}
  return {
    taken: lanes.map((_, index) => counts.of(`lane ${index}`)),
    free: max - counts.of("all"),
    ofTenant: (tenant: string) => counts.of(`tenant ${tenant}`),
  };
}
const many = (count: number, tenant: string, wants: number) => Array.from({ length: count }, () => ({ tenant, wants }));

describe("the slots of all lanes", () => {
  it("are never taken by one lane alone, which may have as many as an endpoint can ask for", () => {
    const { taken } = filled([{ tenant: "a", wants: max }]);
    expect(taken[0]).toBeLessThan(max / 8);
    expect(taken[0]).toBeGreaterThanOrEqual(256);
  });

  it("are never taken by one tenant alone, however many endpoints it has", () => {
    const { ofTenant, free } = filled([...many(200, "greedy", 40), ...many(3, "other", 8)]);
    expect(ofTenant("greedy")).toBeLessThanOrEqual((max * 3) / 5);
    expect(ofTenant("other")).toBeGreaterThanOrEqual(3);
    expect(free).toBeGreaterThan(0);
  });

  it("are left to others by 100 and by 1,000 endpoints that hang with all that they may have", () => {
    for (const hanging of [100, 1_000]) {
      const { taken } = filled([...many(hanging, "a", 8), ...many(10, "a", 1), ...many(10, "b", 8)]);
      expect(taken.slice(hanging, hanging + 10)).toEqual(Array(10).fill(1));
      expect(Math.min(...taken.slice(hanging + 10))).toBeGreaterThanOrEqual(1);
    }
  });

  it("are kept for first attempts and for what comes from the schedule, a quarter at least for each", () => {
    const lanes = many(400, "a", 40).map((lane, index) => ({ ...lane, tenant: `t${index % 40}` }));
    const alone = (kind: SendKind) => filled(lanes.map((lane) => ({ ...lane, kind }))).free;
    expect(alone("live")).toBeGreaterThanOrEqual(max / 4);
    expect(alone("scheduled")).toBeGreaterThanOrEqual(max / 2);
  });

  it("are never more than there are", () => {
    const use = fc.record({
      inFlight: fc.nat(200),
      ofKind: fc.nat(200),
      ofTenant: fc.nat(200),
      ofLane: fc.nat(200),
    });
    fc.assert(
      fc.property(use, fc.constantFrom<SendKind>("live", "scheduled"), (given, kind) => {
        expect(mayTakeSlot(given, 100, kind) && given.inFlight >= 100).toBe(false);
      }),
    );
  });
});

describe("turns", () => {
  const lane = (tenantId: string, name: string) => ({ tenantId, name });

  it("go around the tenants, and in each around its lanes", () => {
    const turns = new FairTurns<ReturnType<typeof lane>>();
    for (const name of ["a1", "a2", "a3"]) turns.add(lane("a", name));
    turns.add(lane("b", "b1"));
    turns.add(lane("c", "c1"));
    const names = Array.from({ length: 6 }, () => turns.next()?.name);
    expect(names).toEqual(["a1", "b1", "c1", "a2", "a3", undefined]);
  });

  it("come once to who waits, however often it says so, and at the end to who waits again", () => {
    const turns = new FairTurns<ReturnType<typeof lane>>();
    const [one, two] = [lane("a", "one"), lane("a", "two")];
    for (const each of [one, two, one]) turns.add(each);
    expect(turns.next()).toBe(one);
    turns.add(one);
    expect([turns.next(), turns.next(), turns.next()]).toEqual([two, one, undefined]);
  });

  it("give every lane its turn within a round of tenants times lanes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 60 }), (tenants) => {
        const turns = new FairTurns<ReturnType<typeof lane>>();
        const lanes = tenants.map((tenant, index) => lane(String(tenant), String(index)));
        for (const each of lanes) turns.add(each);
        const seen = new Set<unknown>();
        const rounds = lanes.length * new Set(tenants).size;
        for (let turn = 0; turn < rounds; turn += 1) {
          const next = turns.next();
          if (!next) throw new Error("somebody waits all the time");
          seen.add(next);
          turns.add(next);
        }
        expect(seen.size).toBe(lanes.length);
      }),
    );
  });
});
