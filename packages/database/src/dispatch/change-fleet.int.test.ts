import { beforeEach, describe, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { beatDispatcher, leaveDispatchers } from "./beat-dispatcher.ts";
import { changeFleet } from "./change-fleet.ts";

const rig = useDatabase();
beforeEach(() =>
  rig.query("TRUNCATE dispatchers; UPDATE dispatcher_fleet SET generation = 0, members = '{}', lost_at = NULL"),
);

const beat = (id: string, generation = 0n, over: string[] = []) =>
  beatDispatcher(rig.db, { id, version: 1n, generation, over });
const soon = (ms: number) =>
  expect.toSatisfy((value) => typeof value === "number" && value >= ms && value < ms + 5_000);

describe("a beat", () => {
  it("tells the others which shares its dispatcher keeps to, and where more is out than its share", async () => {
    await beat("one", 7n, ["endpoint-1", "endpoint-2"]);
    expect((await beat("two")).peers).toEqual([
      { id: "one", generation: 7n, over: ["endpoint-1", "endpoint-2"], ageMs: soon(0) },
    ]);
    await beat("one", 8n);
    expect((await beat("two")).peers).toEqual([{ id: "one", generation: 8n, over: [], ageMs: soon(0) }]);
  });

  it("shows one of a release before as keeping to no generation", async () => {
    await rig.query("INSERT INTO dispatchers (id, version, heartbeat_at) VALUES ('old', 1, now() - interval '3 s')");
    expect((await beat("one")).peers).toEqual([{ id: "old", generation: undefined, over: [], ageMs: soon(3_000) }]);
  });

  it("shows who has left no more", async () => {
    await beat("one");
    await leaveDispatchers(rig.db, "one");
    expect((await beat("two")).peers).toEqual([]);
  });
});

describe("a change of the fleet", () => {
  it("makes the next generation, whose members all see", async () => {
    expect(await changeFleet(rig.db, { from: 0n, members: ["one"], lost: false })).toBe(true);
    expect(await beat("one")).toMatchObject({ newest: { number: 1n, members: ["one"] }, lostAgoMs: undefined });
  });

  it("is made once where several want it at the same time", async () => {
    const wanted = ["one", "two", "three"].map((id) => changeFleet(rig.db, { from: 0n, members: [id], lost: false }));
    expect((await Promise.all(wanted)).filter(Boolean)).toHaveLength(1);
    expect((await beat("one")).newest.number).toBe(1n);
  });

  it("that takes a silent member out says since when, and later ones keep that", async () => {
    await changeFleet(rig.db, { from: 0n, members: ["one"], lost: true });
    await changeFleet(rig.db, { from: 1n, members: ["one", "two"], lost: false });
    expect(await beat("one")).toMatchObject({ newest: { number: 2n }, lostAgoMs: soon(0) });
  });
});
