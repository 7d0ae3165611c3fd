import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { EntityTurns, type InSlot } from "./entity-turns.ts";

/** Work that ends when it is told to, and tells when it began. */
function gated(began: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = (inSlot: InSlot) =>
    inSlot(async () => {
      began.push(name);
      await promise;
      return name;
    });
  return { work, end: resolve };
}

test("one write of an entity after another, in the order in which they came; another entity's at the same time", async () => {
  const turns = new EntityTurns({ atOnceMax: 5 });
  const began: string[] = [];
  const [a1, a2, b1] = [gated(began, "a1"), gated(began, "a2"), gated(began, "b1")];
  const all = [turns.take("a", a1.work), turns.take("a", a2.work), turns.take("b", b1.work)];
  await turn();
  expect(began).toEqual(["a1", "b1"]);
  a1.end();
  await turn();
  expect(began).toEqual(["a1", "b1", "a2"]);
  a2.end();
  b1.end();
  expect(await Promise.all(all)).toEqual(["a1", "a2", "b1"]);
});

test("no more at once than connections are meant for them", async () => {
  const turns = new EntityTurns({ atOnceMax: 2 });
  const began: string[] = [];
  const works = ["a", "b", "c"].map((name) => gated(began, name));
  const all = works.map(({ work }, index) => turns.take(String(index), work));
  await turn();
  expect(began).toEqual(["a", "b"]);
  for (const { end } of works) end();
  await Promise.all(all);
  expect(began).toEqual(["a", "b", "c"]);
});

test("a write that waits for something else between its parts keeps no connection from the others, only its entity", async () => {
  const turns = new EntityTurns({ atOnceMax: 1 });
  const began: string[] = [];
  const [waits, next, other] = [gated(began, "waits"), gated(began, "next"), gated(began, "other")];
  const first = turns.take("a", async (inSlot) => {
    await inSlot(() => Promise.resolve());
    return await waits.work((part) => part());
  });
  const all = [first, turns.take("a", next.work), turns.take("b", other.work)];
  await turn();
  expect(began).toEqual(["other", "waits"]);
  for (const { end } of [waits, next, other]) end();
  await Promise.all(all);
});

test("a write that failed gives its turn to the next", async () => {
  const turns = new EntityTurns({ atOnceMax: 1 });
  const failing = turns.take("a", () => Promise.reject(new Error("no")));
  const next = turns.take("a", () => Promise.resolve("next"));
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("next");
});

test("refuses one more than may wait, and one whose turn came too late", async () => {
  const turns = new EntityTurns({ atOnceMax: 1, takenMax: 2, waitMaxMs: 20 });
  const slow = gated([], "slow");
  const first = turns.take("a", slow.work);
  const late = turns.take("a", (inSlot) => inSlot(() => Promise.resolve("late")));
  await expect(turns.take("b", () => Promise.resolve("more"))).rejects.toMatchObject({ code: "overloaded" });
  await sleep(40);
  slow.end();
  await expect(late).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  expect(await first).toBe("slow");
});
