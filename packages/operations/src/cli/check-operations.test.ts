import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkOperations } from "./check-operations.ts";

let from: string;
beforeAll(async () => {
  from = await mkdtemp(join(tmpdir(), "postback-check-"));
  await writeCatalog("catalog.mjs", ["take", "tell"]);
});
afterAll(() => rm(from, { recursive: true, force: true }));

const operationsUrl = new URL("../index.ts", import.meta.url).href;

/** A catalog whose last step calls out; without a compensation nobody says how it is undone. */
const writeCatalog = (file: string, steps: readonly string[], undo = "compensate: () => {}") =>
  writeFile(
    join(from, file),
    `import { defineCatalog, defineOperation } from "${operationsUrl}";
     import { z } from "${import.meta.resolve("zod")}";
     let place = defineOperation({
       type: "order.place", revision: 1, input: z.object({ id: z.string() }),
       entity: { type: "order", id: ({ id }) => id }, example: { id: "o-1" },
     });
     for (const name of ${JSON.stringify(steps)}) place = place.task(name, { run: () => {}, ${undo} });
     export default defineCatalog({ name: "shop", operations: [place], events: {} });`,
  );
const check = (catalogs: string, options: { against?: string; write?: string } = {}) =>
  checkOperations({ catalogs, from, ...options });

test("tells what it proved of each step", async () => {
  const { report, problems } = await check("./catalog.mjs");
  expect(problems).toEqual([]);
  expect(report).toContain("order.place  revision 1: entity order, answers 202, example accepted, no events");
  expect(report).toMatch(/1 {2}take {2}task +undone by its compensate/);
});

test("each problem of a catalog is one of the check", async () => {
  await writeCatalog("careless.mjs", ["take", "tell"], "");
  const { problems } = await check("./careless.mjs");
  expect(problems).toHaveLength(2);
  expect(problems[0]).toMatch(/step take must have a compensate/);
  expect((await check("./nowhere.mjs")).problems).toEqual([expect.stringContaining("can't be found")]);
});

test("a step that moves to a queue is a problem until the lock is written with it", async () => {
  await check("./catalog.mjs", { write: "queued.lock.json" });
  await writeCatalog("queued.mjs", ["take", "tell"], 'compensate: () => {}, queue: "slow"');
  const queued = await check("./queued.mjs", { against: "queued.lock.json" });
  expect(queued.problems).toEqual(Array(2).fill(expect.stringContaining("add --write queued.lock.json")));
  await check("./queued.mjs", { against: "queued.lock.json", write: "queued.lock.json" });
  expect((await check("./queued.mjs", { against: "queued.lock.json" })).problems).toEqual([]);
});

test("a lock that was written is kept, until a step changes; nothing is written over it then", async () => {
  expect((await check("./catalog.mjs", { against: "shop.lock.json" })).problems).toEqual([
    expect.stringMatching(/can't be read as a lock of operations: .*--write makes one/),
  ]);
  await check("./catalog.mjs", { write: "shop.lock.json" });
  expect((await check("./catalog.mjs", { against: "shop.lock.json" })).problems).toEqual([]);
  const written = await readFile(join(from, "shop.lock.json"), "utf8");
  await writeCatalog("changed.mjs", ["take", "tell-all"]);
  const options = { against: "shop.lock.json", write: "shop.lock.json" };
  expect((await check("./changed.mjs", options)).problems).toEqual([expect.stringContaining("revision 2")]);
  expect(await readFile(join(from, "shop.lock.json"), "utf8")).toBe(written);
});
