import fc from "fast-check";
import { expect, test } from "vitest";
import { EntityPauses } from "./entity-pauses.ts";

const row = (id: string, { entityId = "1", granted = false } = {}) => ({
  tenantId: "t",
  id,
  entityType: "order",
  entityId,
  granted,
});
const key = (entityId = "1") => `t:order:${entityId}`;

/** A step that runs until it is told to end. */
function step(pauses: EntityPauses, entityKey = key()) {
  const { promise, resolve } = Promise.withResolvers<"done">();
  const ended = pauses.pass(entityKey, () => promise);
  const end = () => {
    resolve("done");
    return ended;
  };
  return { end };
}

function rig() {
  let kicks = 0;
  const pauses = new EntityPauses(() => {
    kicks += 1;
  });
  return { pauses, kicks: () => kicks };
}

test("an entity without a step under way is stopped at once; others go on", async () => {
  const { pauses } = rig();
  pauses.found([row("p")]);
  expect(pauses.granting()).toEqual(["p"]);
  expect(await pauses.pass(key(), async () => "done")).toBeUndefined();
  expect(await pauses.pass(key("2"), async () => "done")).toBe("done");
});

test("a step that runs ends first; none begins between its end and the grant", async () => {
  const { pauses, kicks } = rig();
  const first = step(pauses);
  pauses.found([row("p")]);
  expect([pauses.granting(), kicks()]).toEqual([[], 0]);
  expect(await first.end()).toBe("done");
  expect([pauses.granting(), kicks()]).toEqual([["p"], 1]);
  expect(await pauses.pass(key(), async () => "done")).toBeUndefined();
});

test("a step that throws has ended too", async () => {
  const { pauses } = rig();
  const failing = pauses.pass(key(), () => Promise.reject(new Error("no")));
  pauses.found([row("p")]);
  await expect(failing).rejects.toThrow("no");
  expect(pauses.granting()).toEqual(["p"]);
});

test("rests until the rows of all that was granted are gone, whatever came of the grant's answer", async () => {
  const { pauses } = rig();
  pauses.found([row("p"), row("q")]);
  pauses.settle(["p", "q"], "unknown");
  pauses.found([row("p"), row("q")]);
  expect(await pauses.pass(key(), async () => "done")).toBeUndefined();
  pauses.found([row("q")]);
  expect(await pauses.pass(key(), async () => "done")).toBeUndefined();
  pauses.found([]);
  expect(await pauses.pass(key(), async () => "done")).toBe("done");
  expect(pauses.isEmpty).toBe(true);
});

test("what was not granted goes on, and is tried again after its next step", async () => {
  const { pauses, kicks } = rig();
  pauses.found([row("p")]);
  pauses.settle(["p"], []);
  expect(await pauses.pass(key(), async () => "done")).toBe("done");
  expect([pauses.granting(), kicks()]).toEqual([["p"], 1]);
});

test("what a former owner has granted holds", async () => {
  const { pauses } = rig();
  pauses.found([row("p", { granted: true })]);
  expect(pauses.granting()).toEqual([]);
  expect(await pauses.pass(key(), async () => "done")).toBeUndefined();
});

test("a step that was turned away goes before the next pause", async () => {
  const { pauses } = rig();
  pauses.found([row("p")]);
  pauses.settle(["p"], ["p"]);
  await pauses.pass(key(), async () => "done");
  pauses.found([row("p"), row("q")]);
  expect(pauses.granting()).toEqual([]);
  pauses.found([row("q")]);
  expect(pauses.granting()).toEqual([]);
  expect(await pauses.pass(key(), async () => "done")).toBe("done");
  expect(pauses.granting()).toEqual(["q"]);
});

test("grants nothing new while commands of the partition wait for sync steps", () => {
  const { pauses, kicks } = rig();
  pauses.withhold();
  pauses.found([row("p")]);
  expect(pauses.granting()).toEqual([]);
  pauses.allow();
  expect([pauses.granting(), kicks()]).toEqual([["p"], 1]);
});

test("leaves a worker the time that a step takes, when the step was taken back from it", async () => {
  const { pauses } = rig();
  pauses.takenBack(key(), 15, 5);
  pauses.found([row("p"), row("q", { entityId: "2" })]);
  expect(pauses.granting()).toEqual(["q"]);
  await expect
    .poll(() => {
      pauses.found([row("p")]);
      return pauses.granting();
    })
    .toEqual(["p"]);
});

type Move = "ask" | "begin" | "end" | "grant" | "lose the answer" | "refuse" | "finish" | "withhold" | "allow" | "look";
const moves: readonly Move[] = [
  "ask",
  "begin",
  "end",
  "grant",
  "lose the answer",
  "refuse",
  "finish",
  "withhold",
  "allow",
  "look",
];

test("never does a step run while a pause of its entity is granted, and none waits for good", async () => {
  const play = async (played: readonly Move[]) => {
    const { pauses } = rig();
    const rows = new Map<string, boolean>();
    const look = () => pauses.found([...rows].map(([id, granted]) => row(id, { granted })));
    let running: { end(): Promise<unknown> } | undefined;
    let isAtWork = false;
    const begin = () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const ended = pauses.pass(key(), () => {
        isAtWork = true;
        return promise;
      });
      const endIt = () => {
        resolve();
        return ended;
      };
      running = { end: endIt };
    };
    const end = async () => {
      isAtWork = false;
      await running?.end();
      running = undefined;
    };
    const grant = (answer: "granted" | "refused" | "lost") => {
      const ids = pauses.granting().filter((id) => rows.has(id));
      if (answer !== "refused") for (const id of ids) rows.set(id, true);
      pauses.settle(ids, answer === "lost" ? "unknown" : answer === "granted" ? ids : []);
    };
    for (const [index, move] of played.entries()) {
      if (move === "ask") rows.set(`p${index}`, false);
      if (move === "begin" && running === undefined) begin();
      if (move === "end") await end();
      if (move === "grant") grant("granted");
      if (move === "lose the answer") grant("lost");
      if (move === "refuse") grant("refused");
      if (move === "finish") for (const [id, granted] of [...rows].slice(0, 1)) if (granted) rows.delete(id);
      if (move === "withhold") pauses.withhold();
      if (move === "allow") pauses.allow();
      if (move === "look") look();
      if ([...rows.values()].includes(true)) expect(isAtWork).toBe(false);
    }
    await end();
    pauses.allow();
    // A step that was turned away goes between two pauses, so each round brings one of them on at least.
    const roundsMax = rows.size + 1;
    for (let round = 0; round < roundsMax && rows.size > 0; round += 1) {
      look();
      await pauses.pass(key(), async () => "done");
      look();
      grant("granted");
      for (const [id, granted] of [...rows]) if (granted) rows.delete(id);
    }
    expect([...rows.keys()]).toEqual([]);
    look();
    expect(await pauses.pass(key(), async () => "done")).toBe("done");
    expect(pauses.isEmpty).toBe(true);
  };
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...moves), { maxLength: 60 }), play), { numRuns: 300 });
});
