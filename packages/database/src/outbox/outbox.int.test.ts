import { newId } from "@postback/domain";
import { expect, it } from "vitest";
import { loadOperation } from "../operations/load-operation.ts";
import { projectCommands } from "../operations/project-commands.ts";
import { type AdmittedCommand, admitBatches, admitCommands } from "../processing/admit-commands.ts";
import { loadUnadmitted } from "../processing/load-unadmitted.ts";
import { loadUnfinished } from "../processing/load-unfinished.ts";
import { useDatabase } from "../test-rig.ts";
import {
  aCommand,
  admitted,
  anEvent,
  newPartition,
  numberIn,
  type OwnedPartition,
  ownPartition,
} from "../test-rows.ts";
import { transact } from "../transaction.ts";
import { admitOutbox, type OutboxPlace } from "./admit-outbox.ts";
import { findBefore } from "./find-before.ts";
import { loadOutbox, loadOutboxPartitions } from "./load-outbox.ts";
import { lockEntity, tryLockEntity } from "./lock-entity.ts";
import { makeSynced, type SyncedOperation, wasTaken } from "./make-synced.ts";

const rig = useDatabase();
const syncTypes: ReadonlySet<string> = new Set(["order"]);

function aSynced(given: Partial<SyncedOperation> = {}): SyncedOperation {
  const { logOffset: _, ...command } = aCommand({ type: "order.checkout" });
  return {
    ...command,
    entityId: newId(),
    status: "running",
    step: "reserve-stock",
    steps: [{ name: "record-order", status: "succeeded" }],
    completed: false,
    events: [{ type: "order.recorded", data: { n: 1 } }],
    ...given,
  };
}

const make = (operation: SyncedOperation) =>
  transact(rig.db, async (client) => ({ end: "commit-with", lastly: () => makeSynced(client, operation) }));

const placeOf = (
  owned: OwnedPartition,
  { tenantId, id }: { tenantId: string; id: string },
  n: number,
): OutboxPlace => ({
  tenantId,
  id,
  position: numberIn(owned.epoch, n),
});

const ofEntity = ({ tenantId, entityType, entityId }: SyncedOperation) => ({ tenantId, entityType, entityId });

async function countOf(table: "outbox" | "operations" | "idempotency_keys", { tenantId }: { tenantId: string }) {
  const [row] = await rig.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table} WHERE tenant_id = $1`, [
    tenantId,
  ]);
  return row?.count;
}

it("makes the operation with its state, and leaves it with its events to the owner, who is told", async () => {
  const listener = await rig.connect();
  await listener.query("LISTEN postback_outbox");
  const told = new Promise((resolve) => listener.once("notification", ({ payload }) => resolve(payload)));
  const synced = aSynced({ partition: newPartition(), key: "once", result: { a: [1] }, audience: [newId()] });
  const row = await make(synced);
  expect(row).toMatchObject({
    id: synced.id,
    status: "running",
    step: "reserve-stock",
    steps: synced.steps,
    result: { a: [1] },
    audience: synced.audience,
    position: null,
    version: 0,
    completedAt: null,
    createdAt: new Date(synced.acceptedAtMs),
  });
  expect(await loadOperation(rig.db, synced.tenantId, synced.id)).toEqual(row);
  expect(await told).toBe(`${synced.partition}/${synced.tenantId}/${synced.id}`);
  const [waiting] = await loadOutbox(rig.db, synced.partition, 10);
  expect(waiting).toMatchObject({ ...row, events: synced.events });
  expect(await loadOutboxPartitions(rig.db, [synced.partition, newPartition()])).toEqual([synced.partition]);
});

it("is ended at once where all steps were sync", async () => {
  const row = await make(aSynced({ completed: true, status: "succeeded", step: undefined }));
  expect(row).toMatchObject({ status: "succeeded", step: null, completedAt: expect.any(Date) });
});

it("leaves nothing where the id or the idempotency key is another operation's", async () => {
  const first = aSynced({ key: "k" });
  await make(first);
  const { tenantId, id } = first;
  for (const again of [
    aSynced({ tenantId, key: "k" }),
    aSynced({ tenantId, id }),
    aSynced({ tenantId, id, key: "l" }),
  ]) {
    const failure = await make(again).catch((error: unknown) => error);
    expect(wasTaken(failure)).toBe(true);
  }
  expect(await countOf("operations", first)).toBe(1);
  expect(await countOf("outbox", first)).toBe(1);
  expect(await countOf("idempotency_keys", first)).toBe(1);
});

it("finds the operation of a key or an id, and an unfinished one of the entity, whether it is admitted or not", async () => {
  const synced = aSynced({ key: "k" });
  await make(synced);
  const asked = { tenantId: synced.tenantId, entityType: "order", entityId: synced.entityId };
  expect(await findBefore(rig.db.pool, asked)).toEqual({ busyWith: synced.id });
  for (const repeated of [{ idempotencyKey: "k" }, { id: synced.id }, { idempotencyKey: "k", id: newId() }]) {
    const { earlier } = await findBefore(rig.db.pool, { ...asked, ...repeated });
    expect(earlier).toMatchObject({ id: synced.id, hash: synced.hash });
  }
  expect(await findBefore(rig.db.pool, { ...asked, id: newId(), idempotencyKey: "other" })).toEqual({
    busyWith: synced.id,
  });
  expect(await findBefore(rig.db.pool, { ...asked, tenantId: newId() })).toEqual({});
  const projected = aCommand({ entityId: newId() });
  await projectCommands(rig.db, [projected]);
  expect(await findBefore(rig.db.pool, { ...asked, ...projected, id: undefined })).toEqual({ busyWith: projected.id });
});

it("gives positions and numbered events, and empties the outbox, in one statement", async () => {
  const owned = await ownPartition(rig.db);
  const operations = [aSynced({ partition: owned.partition }), aSynced({ partition: owned.partition })];
  for (const operation of operations) await make(operation);
  const [first, second] = operations as [SyncedOperation, SyncedOperation];
  const { tenantId } = first;
  const { partition } = owned;
  const event = anEvent({ tenantId, operationId: first.id, partition, number: numberIn(owned.epoch, 1) });
  const places = operations.map((operation, index) => placeOf(owned, operation, index + 1));
  const admission = await admitOutbox(rig.db.pool, owned, places, [event]);
  expect(admission).toMatchObject({
    kind: "admitted",
    operations: [
      { id: first.id, position: places[0]?.position, status: "running" },
      { id: second.id, position: places[1]?.position },
    ],
  });
  expect(await loadOutbox(rig.db, partition, 10)).toEqual([]);
  expect(await rig.query("SELECT id FROM events WHERE operation_id = $1", [first.id])).toEqual([{ id: event.id }]);
  expect((await loadUnfinished(rig.db, partition, 0n, 10)).map(({ id }) => id)).toEqual([first.id, second.id]);
});

it("admits nothing twice, and tells nothing of what it doesn't take out", async () => {
  const owned = await ownPartition(rig.db);
  const synced = aSynced({ partition: owned.partition });
  await make(synced);
  await admitOutbox(rig.db.pool, owned, [placeOf(owned, synced, 1)], []);
  const event = anEvent({ tenantId: synced.tenantId, operationId: synced.id, partition: owned.partition });
  const again = await admitOutbox(rig.db.pool, owned, [placeOf(owned, synced, 2)], [event]);
  expect(again).toEqual({ kind: "admitted", operations: [] });
  expect(await rig.query("SELECT id FROM events WHERE operation_id = $1", [synced.id])).toEqual([]);
  expect(await loadOperation(rig.db, synced.tenantId, synced.id)).toMatchObject({ position: numberIn(owned.epoch, 1) });
});

it("admits nothing under an epoch that is over", async () => {
  const old = await ownPartition(rig.db);
  await ownPartition(rig.db, old.partition, "other");
  const synced = aSynced({ partition: old.partition });
  await make(synced);
  expect(await admitOutbox(rig.db.pool, old, [placeOf(old, synced, 1)], [])).toEqual({ kind: "fenced" });
  expect(await countOf("outbox", synced)).toBe(1);
});

it("keeps an entity's order of commits, whatever the ids are", async () => {
  const partition = newPartition();
  const [older, newer] = [newId(), newId()].sort();
  const { tenantId, entityId } = aSynced();
  await make(aSynced({ tenantId, entityId, partition, id: newer ?? "" }));
  await make(aSynced({ tenantId, entityId, partition, id: older ?? "" }));
  expect((await loadOutbox(rig.db, partition, 10)).map(({ id }) => id)).toEqual([newer, older]);
});

it("is never produced again as something that Kafka lost: it was in no log", async () => {
  const partition = newPartition();
  await make(aSynced({ partition }));
  const projected = aCommand({ partition, logOffset: 3 });
  await projectCommands(rig.db, [projected]);
  const unadmitted = await loadUnadmitted(rig.db, partition, Number.MAX_SAFE_INTEGER, 10);
  expect(unadmitted.map(({ id }) => id)).toEqual([projected.id]);
});

/** Commands of one partition, of these entities in turn. */
const commandsOf = (owned: OwnedPartition, entities: readonly { tenantId: string; entityId: string }[]) =>
  entities.map((entity, index): AdmittedCommand => admitted(owned, index + 1, entity));

const idsOf = (commands: readonly { id: string }[]) => commands.map(({ id }) => id);

async function admitting(owned: OwnedPartition, commands: readonly AdmittedCommand[]) {
  const admission = await admitCommands(rig.db, owned, commands, syncTypes);
  if (admission.kind === "fenced") throw new Error("fenced");
  return { ids: idsOf(admission.states), held: admission.held };
}

it("admits a partition's commands up to the first whose entity is at its sync steps, without waiting", async () => {
  const [owned, other] = [await ownPartition(rig.db), await ownPartition(rig.db)];
  const busy = aSynced();
  const commands = commandsOf(owned, [aSynced(), busy, aSynced()]);
  const others = commandsOf(other, [aSynced()]);
  const together = [
    { ...owned, commands },
    { ...other, commands: others },
  ];
  const holder = await rig.connect();
  await holder.query("BEGIN");
  expect(await tryLockEntity(holder, ofEntity(busy))).toBe(true);
  const [held, free] = await admitBatches(rig.db, together, syncTypes);
  expect(held).toMatchObject({ held: true, states: [{ id: commands[0]?.id }] });
  expect(free).toMatchObject({ held: false, states: [{ id: others[0]?.id }] });
  await holder.query("ROLLBACK");
  expect(await admitting(owned, commands.slice(1))).toEqual({ ids: idsOf(commands.slice(1)), held: false });
});

it("holds what comes from the log until the outbox of its entity is admitted: what was answered 201 comes before", async () => {
  const owned = await ownPartition(rig.db);
  const synced = aSynced({ partition: owned.partition });
  const commands = commandsOf(owned, [aSynced(), synced]);
  await make(synced);
  expect(await admitting(owned, commands)).toEqual({ ids: idsOf(commands.slice(0, 1)), held: true });
  await admitOutbox(rig.db.pool, owned, [placeOf(owned, synced, 5)], []);
  const after = commands.slice(1).map((command) => ({ ...command, position: numberIn(owned.epoch, 6) }));
  expect(await admitting(owned, after)).toEqual({ ids: idsOf(after), held: false });
});

it("sees the outbox of a transaction that committed after its own statement began", async () => {
  const synced = aSynced({ partition: newPartition() });
  const gate = await rig.connect();
  await gate.query("SELECT pg_advisory_lock(1)");
  const sharing = rig.query<{ free: boolean }>(
    `SELECT CASE WHEN pg_advisory_xact_lock(1)::text IS NOT NULL THEN share_entity($1, $2, 'order', $3) END AS free`,
    [synced.partition, synced.tenantId, synced.entityId],
  );
  await rig.untilWaiting(1);
  await make(synced);
  await gate.query("SELECT pg_advisory_unlock(1)");
  expect(await sharing).toEqual([{ free: false }]);
});

it("looks for sync steps of the types that have them alone", async () => {
  const owned = await ownPartition(rig.db);
  const busy = aSynced();
  const holder = await rig.connect();
  await holder.query("BEGIN");
  await lockEntity(holder, ofEntity(busy));
  const commands = commandsOf(owned, [busy]);
  const admission = await admitCommands(rig.db, owned, commands, new Set(["sku"]));
  expect(admission).toMatchObject({ held: false, states: [{ id: commands[0]?.id }] });
  await holder.query("ROLLBACK");
});

it("lets sync steps begin only after the admission of a command of their entity is visible", async () => {
  const owned = await ownPartition(rig.db);
  const entity = aSynced();
  const commands = commandsOf(owned, [entity]);
  // A row under the same id, not committed: admission waits for it, with the entity's lock shared.
  const blocker = await rig.connect();
  await blocker.query("BEGIN");
  await blocker.query(
    `INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, request_hash, input)
     VALUES ($1, $2, 't', 1, 'order', 'x', 0, 'h', '{}')`,
    [entity.tenantId, commands[0]?.id],
  );
  const admission = admitting(owned, commands);
  await rig.untilWaiting(1);
  const found = transact(rig.db, async (client) => {
    expect(await tryLockEntity(client, ofEntity(entity))).toBe(false);
    await lockEntity(client, ofEntity(entity));
    return { value: await findBefore(client, ofEntity(entity)), end: "rollback" };
  });
  await rig.untilWaiting(2);
  await blocker.query("ROLLBACK");
  expect((await admission).ids).toEqual(idsOf(commands));
  expect(await found).toEqual({ busyWith: commands[0]?.id });
});

it("leaves an operation with sync steps to the outbox, also where the log has a command of its id", async () => {
  const owned = await ownPartition(rig.db);
  const synced = aSynced({ partition: owned.partition });
  await make(synced);
  const { tenantId, id, hash, entityId } = synced;
  const command = admitted(owned, 1, { tenantId, id, hash, entityId });
  const admission = await admitCommands(rig.db, owned, [command]);
  expect(admission).toMatchObject({ states: [{ id, position: null, fresh: false, same: true }] });
  expect(await loadOperation(rig.db, tenantId, id)).toMatchObject({ status: "running", position: null });
});
