import { beforeEach, describe, expect, it } from "vitest";
import { beatDispatcher, leaveDispatchers } from "../dispatch/beat-dispatcher.ts";
import { useDatabase } from "../test-rig.ts";
import { awaitSubscriptionVersion, dispatcherLiveMs } from "./await-subscription-version.ts";

const rig = useDatabase();
beforeEach(() => rig.query("DELETE FROM dispatchers"));

const beat = (id: string, version: bigint) => beatDispatcher(rig.db, { id, version, generation: 0n, over: [] });
const reaches = (version: bigint, timeoutMs: number) => awaitSubscriptionVersion(rig.db, version, { timeoutMs });
/** As a dispatcher that was last heard so long ago. */
const age = (id: string, ms: number) =>
  rig.query("UPDATE dispatchers SET heartbeat_at = now() - make_interval(secs => $2 / 1000.0) WHERE id = $1", [id, ms]);

describe("waiting for a subscription version", () => {
  it("is over at once where all live dispatchers have it, or none lives", async () => {
    expect(await reaches(5n, 0)).toBe(true);
    await beat("one", 5n);
    await beat("other", 6n);
    expect(await reaches(5n, 0)).toBe(true);
  });

  it("lasts until the last one has it", async () => {
    await beat("fast", 9n);
    await beat("slow", 8n);
    let isOver = false;
    const waiting = reaches(9n, 10_000).finally(() => {
      isOver = true;
    });
    // Another look at the same rows, with the same answer, says that the wait goes on.
    expect(await reaches(9n, 60)).toBe(false);
    expect(isOver).toBe(false);
    await beat("slow", 9n);
    expect(await waiting).toBe(true);
  });

  it("ends without it when the time is over", async () => {
    await beat("stuck", 1n);
    const startedAt = performance.now();
    expect(await reaches(2n, 100)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("is not for the dead: one that wasn't heard of in time doesn't count", async () => {
    await beat("dead", 1n);
    await age("dead", dispatcherLiveMs + 100);
    expect(await reaches(2n, 0)).toBe(true);
    await age("dead", dispatcherLiveMs - 2_000);
    expect(await reaches(2n, 0)).toBe(false);
  });

  it("is not for those who left", async () => {
    await beat("leaving", 1n);
    await leaveDispatchers(rig.db, "leaving");
    expect(await reaches(2n, 0)).toBe(true);
  });
});

describe("a dispatcher's heartbeat", () => {
  it("brings one back that was taken for dead, with the version that it has now", async () => {
    await beat("one", 1n);
    await age("one", 30_000);
    await beat("one", 4n);
    expect(await reaches(4n, 0)).toBe(true);
    expect(await reaches(5n, 0)).toBe(false);
  });

  it("removes those that have been gone for more than a minute", async () => {
    await beat("gone", 1n);
    await beat("late", 1n);
    await age("gone", 61_000);
    await age("late", 30_000);
    await beat("one", 1n);
    expect(await rig.query("SELECT id FROM dispatchers ORDER BY id")).toEqual([{ id: "late" }, { id: "one" }]);
  });
});
