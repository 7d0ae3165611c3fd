import { newId } from "@postback/domain";
import { expect, it } from "vitest";
import { inOneStatement, transact } from "../index.ts";
import { saveCheckpoints } from "../processing/checkpoint.ts";
import { useDatabase } from "../test-rig.ts";
import { aCheckpoint, anOperation, newPartition, type OwnedPartition, ownPartition } from "../test-rows.ts";
import { type AskedPause, askPause } from "./ask-pause.ts";
import { endPause } from "./end-pause.ts";
import { grantPauses } from "./grant-pauses.ts";
import { isPauseGranted } from "./is-pause-granted.ts";
import { loadPausedPartitions, loadPauses } from "./load-pauses.ts";
import { usePause } from "./use-pause.ts";

const rig = useDatabase();

async function asked(given: Partial<AskedPause> = {}): Promise<AskedPause> {
  const pause = {
    tenantId: newId(),
    id: newId(),
    partition: newPartition(),
    entityType: "order",
    entityId: "1",
    lifeMs: 60_000,
    ...given,
  };
  await askPause(rig.db.pool, pause);
  return pause;
}

/** Asked for in an owned partition and granted by its owner. */
async function granted(given: Partial<AskedPause> = {}) {
  const owned = await ownPartition(rig.db);
  const pause = await asked({ partition: owned.partition, ...given });
  expect(await grantPauses(rig.db, owned, [pause.id])).toEqual({ kind: "granted", ids: [pause.id] });
  return { owned, pause };
}

const known = async ({ partition }: { partition: number }) =>
  (await loadPauses(rig.db, partition)).map(({ id, granted: isGranted }) => [id, isGranted]);
const endLife = ({ id }: AskedPause) =>
  rig.query("UPDATE entity_pauses SET expires_at = now() - interval '1 s' WHERE id = $1", [id]);

it("is asked of its partition's owner, who is told, and holds once it is granted, until it is ended", async () => {
  const listener = await rig.connect();
  await listener.query("LISTEN postback_pauses");
  const told = new Promise((resolve) => listener.once("notification", ({ payload }) => resolve(payload)));
  const owned = await ownPartition(rig.db);
  const pause = await asked({ partition: owned.partition });
  expect(await told).toBe(String(owned.partition));
  const { partition: _, lifeMs: __, ...row } = pause;
  expect(await loadPauses(rig.db, owned.partition)).toEqual([{ ...row, granted: false }]);
  expect(await isPauseGranted(rig.db.pool, pause)).toBe(false);
  await grantPauses(rig.db, owned, [pause.id]);
  expect(await isPauseGranted(rig.db.pool, pause)).toBe(true);
  expect(await loadPausedPartitions(rig.db, [owned.partition, owned.partition + 1_000])).toEqual([owned.partition]);
  await endPause(rig.db.pool, pause);
  expect([await isPauseGranted(rig.db.pool, pause), await known(owned)]).toEqual([undefined, []]);
});

it("is granted by the owner alone: a former one is fenced, and what it has granted the next one finds", async () => {
  const { owned, pause } = await granted();
  const other = await asked({ partition: owned.partition });
  const next: OwnedPartition = await ownPartition(rig.db, owned.partition, "another");
  expect(await grantPauses(rig.db, owned, [other.id])).toEqual({ kind: "fenced" });
  expect(new Map((await known(next)) as [string, boolean][])).toEqual(
    new Map([
      [pause.id, true],
      [other.id, false],
    ]),
  );
});

it("isn't granted while a step of the entity is handed over to a queue; another entity's is", async () => {
  const owned = await ownPartition(rig.db);
  const operation = await anOperation(rig.db, owned, 1, { entityId: "handed over" });
  const handedOver = aCheckpoint(owned, operation, { status: "running", completed: false, dispatchedStep: "pay" });
  await inOneStatement(rig.db, (client) => saveCheckpoints(client, [handedOver]));
  const { tenantId } = operation;
  const [its, anothers] = [
    await asked({ ...owned, tenantId, entityId: "handed over" }),
    await asked({ ...owned, tenantId, entityId: "another" }),
  ];
  expect(await grantPauses(rig.db, owned, [its.id, anothers.id])).toEqual({ kind: "granted", ids: [anothers.id] });
  const back = { ...handedOver, version: 1, dispatchedStep: undefined };
  await inOneStatement(rig.db, (client) => saveCheckpoints(client, [back]));
  expect(await grantPauses(rig.db, owned, [its.id])).toEqual({ kind: "granted", ids: [its.id] });
});

it("lasts as long as the transaction that uses it, past its time; the commit ends it", async () => {
  const { owned, pause } = await granted();
  await transact(rig.db, async (client) => {
    expect(await usePause(client, pause)).toBe(true);
    expect(await known(owned)).toEqual([[pause.id, true]]);
    return { value: undefined, end: "commit" };
  });
  expect(await known(owned)).toEqual([]);
});

it("is not ended by its time while a transaction uses it, and stays when that is rolled back, for its time to end it", async () => {
  const { owned, pause } = await granted();
  await endLife(pause);
  await transact(rig.db, async (client) => {
    expect(await usePause(client, pause)).toBe(true);
    expect(await known(owned)).toEqual([[pause.id, true]]);
    return { value: undefined, end: "rollback" };
  });
  expect(await isPauseGranted(rig.db.pool, pause)).toBe(true);
  expect(await known(owned)).toEqual([]);
  expect(await isPauseGranted(rig.db.pool, pause)).toBeUndefined();
});

it("can't be used before it is granted, nor after it has ended", async () => {
  const pause = await asked();
  const use = () =>
    transact(rig.db, async (client) => ({ value: await usePause(client, pause), end: "commit" as const }));
  expect(await use()).toBe(false);
  await endPause(rig.db.pool, pause);
  expect(await use()).toBe(false);
});

it("survives no crash of the server, with which its transaction ends too", async () => {
  const [table] = await rig.query("SELECT relpersistence FROM pg_class WHERE relname = 'entity_pauses'");
  expect(table).toEqual({ relpersistence: "u" });
});
