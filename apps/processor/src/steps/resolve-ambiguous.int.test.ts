import {
  AmbiguousOutcome,
  acquirePartitions,
  admitCommands,
  type Database,
  loadOperation,
  openDatabase,
  saveCheckpoints,
} from "@postback/database";
import { newId } from "@postback/domain";
import { createLogger } from "@postback/runtime";
import { createTestDatabase } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveAmbiguous } from "./resolve-ambiguous.ts";

const opened = new AsyncDisposableStack();
const logger = createLogger({ app: "test", level: "silent", format: "json" });
let db: Database;
beforeAll(async () => {
  const { url } = opened.use(await createTestDatabase());
  db = opened.use(openDatabase({ url, applicationName: "resolve-ambiguous-test", logger }));
});
afterAll(() => opened.disposeAsync());

/** A processor, as the owner of a partition. */
async function owns(partition: number, owner: string) {
  const [ownership] = await acquirePartitions(db, owner, [partition], new Map());
  if (!ownership) throw new Error("the partition was not acquired");
  return { partition, epoch: ownership.epoch, lost: new AbortController() };
}

type Owned = Awaited<ReturnType<typeof owns>>;

/** An operation at version 0. */
async function admitted(owned: Owned) {
  const id = newId();
  const position = ((owned.epoch << 40n) + 1n).toString();
  const head = { tenantId: newId(), id, type: "a.b", revision: 1, entityType: "a", entityId: id, hash: "hash" };
  const command = { ...head, partition: owned.partition, logOffset: 0, input: "{}", acceptedAtMs: Date.now() };
  await admitCommands(db, owned, [{ ...command, step: "first", steps: [], position }]);
  const row = await loadOperation(db, head.tenantId, id);
  if (!row) throw new Error("the command was not admitted");
  return row;
}

/** A checkpoint that commits. */
async function saved({ partition, epoch }: Owned, { tenantId, id, version }: Awaited<ReturnType<typeof admitted>>) {
  const state = { status: "running", step: "second", steps: [], completed: false, events: [] };
  const [result] = await saveCheckpoints(db.pool, [
    { partition, epoch: epoch.toString(), tenantId, id, version, ...state },
  ]);
  expect(result?.kind).toBe("saved");
}

const lostAnswer = new AmbiguousOutcome(new Error("the connection broke"), undefined);

test("a checkpoint whose answer was lost is saved if the row has gone on, and outdated if it hasn't", async () => {
  const owned = await owns(1, "me");
  const row = await admitted(owned);
  expect(await resolveAmbiguous(db, { row, owned }, lostAnswer, logger)).toEqual({ kind: "outdated" });
  await saved(owned, row);
  expect(await resolveAmbiguous(db, { row, owned }, lostAnswer, logger)).toMatchObject({ kind: "saved", version: 1 });
});

test("a row that another owner has carried on says nothing of a checkpoint of ours: it is not taken for saved", async () => {
  const owned = await owns(2, "me");
  const row = await admitted(owned);
  await saved(await owns(2, "another"), row);
  expect(await resolveAmbiguous(db, { row, owned }, lostAnswer, logger)).toEqual({ kind: "fenced" });
});
