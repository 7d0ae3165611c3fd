import { type Database, openDatabase } from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import { createTestDatabase, type TestDatabase } from "@postback/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Slots } from "./slots.ts";
import { type GroupMember, groupMax, StepGroups } from "./step-groups.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} } as never;
const refused: PerformedStep = {
  outcome: { kind: "permanent", error: { code: "no", message: "no" }, effect: "none" },
  emitted: [],
  abandoned: false,
  interrupted: false,
};

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, applicationName: "step-groups", logger });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

function rig({ slots = 4, widthMax = 4, on = db } = {}) {
  const shared: number[] = [];
  const onShared = (steps: number) => shared.push(steps);
  const groups = new StepGroups({ db: on, slots: new Slots(slots), widthMax, onShared, logger });
  return { groups, shared };
}

/** A member that is refused where it shares a transaction, so that no checkpoint is needed; it tells how it was done. */
const member = (alone: () => Promise<string> = async () => "alone"): GroupMember<string> => ({
  perform: async () => refused,
  checkpoint: () => {
    throw new Error("a refused step has no checkpoint here");
  },
  alone,
  shared: async ({ kind }) => kind,
});

/** Has begun, alone, and goes on until it is released. */
async function begun(groups: StepGroups, kind: string) {
  const started = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<string>();
  const alone = () => {
    started.resolve();
    return gate.promise;
  };
  const first = groups.perform(kind, member(alone));
  await started.promise;
  return { first, release: () => gate.resolve("first") };
}

describe("transaction steps of one kind", () => {
  it("have a transaction of their own when they come alone", async () => {
    const { groups, shared } = rig();
    expect(await groups.perform("a", member())).toBe("alone");
    expect(await groups.perform("a", member())).toBe("alone");
    expect(shared).toEqual([]);
  });

  it("share one when they have waited for the one before, up to a number", async () => {
    const { groups, shared } = rig();
    const { first, release } = await begun(groups, "a");
    const others = Array.from({ length: groupMax + 3 }, () => groups.perform("a", member()));
    release();
    expect(await first).toBe("first");
    expect(new Set(await Promise.all(others))).toEqual(new Set(["not-done"]));
    expect(shared.reduce((sum, steps) => sum + steps, 0)).toBe(others.length);
    expect(Math.max(...shared)).toBeLessThanOrEqual(groupMax);
    expect(shared.length).toBeLessThan(others.length / 2);
  });

  it("don't wait for those of another kind", async () => {
    const { groups } = rig();
    const { first, release } = await begun(groups, "a");
    expect(await groups.perform("b", member())).toBe("alone");
    release();
    expect(await first).toBe("first");
  });

  it("are done alone when the shared transaction says nothing of them, and an error of theirs is their own", async () => {
    const { groups } = rig();
    const { first, release } = await begun(groups, "a");
    const broken = groups.perform("a", { ...member(), perform: () => Promise.reject(new Error("lost")) });
    const fails = groups.perform(
      "a",
      member(() => Promise.reject(new Error("its own"))),
    );
    release();
    expect(await first).toBe("first");
    expect(await broken).toBe("alone");
    await expect(fails).rejects.toThrow("its own");
  });

  it("are done alone when the shared transaction doesn't begin", async () => {
    const connect = () => Promise.reject(new Error("connect ECONNREFUSED"));
    const { groups } = rig({ on: { ...db, pool: { connect } as unknown as Database["pool"] } });
    const { first, release } = await begun(groups, "a");
    const others = [1, 2, 3].map(() => groups.perform("a", member()));
    release();
    expect(await first).toBe("first");
    expect(await Promise.all(others)).toEqual(["alone", "alone", "alone"]);
  });

  it("take no more connections than there are slots", async () => {
    const { groups } = rig({ slots: 2 });
    let open = 0;
    let most = 0;
    const work = async () => {
      open += 1;
      most = Math.max(most, open);
      await db.pool.query("SELECT pg_sleep(0.005)");
      open -= 1;
      return "alone";
    };
    await Promise.all(Array.from({ length: 12 }, (_, n) => groups.perform(`kind-${n}`, member(work))));
    expect(most).toBe(2);
  });

  it("don't share for a while after one of them was too slow for it", async () => {
    const { groups, shared } = rig();
    const { first, release } = await begun(groups, "a");
    const slow = groups.perform("a", { ...member(), perform: () => new Promise(() => undefined) });
    const beside = groups.perform("a", member());
    release();
    expect(await Promise.all([first, slow, beside])).toEqual(["first", "alone", "alone"]);
    const counted = shared.length;
    expect(await Promise.all([1, 2, 3, 4].map(() => groups.perform("a", member())))).toEqual(Array(4).fill("alone"));
    expect(shared).toHaveLength(counted);
  });
});
