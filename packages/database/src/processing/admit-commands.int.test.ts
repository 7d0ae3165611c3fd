import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { isDataFailure } from "../failures.ts";
import { loadOperation } from "../operations/load-operation.ts";
import { projectCommands } from "../operations/project-commands.ts";
import { useDatabase } from "../test-rig.ts";
import {
  aCheckpoint,
  aCommand,
  admitted,
  anOperation,
  numberIn,
  type OwnedPartition,
  ownPartition,
} from "../test-rows.ts";
import { type AdmissionState, type AdmittedCommand, admitCommands } from "./admit-commands.ts";
import { saveCheckpoints } from "./checkpoint.ts";

const rig = useDatabase();

async function statesOf(owned: OwnedPartition, commands: readonly AdmittedCommand[]): Promise<AdmissionState[]> {
  const result = await admitCommands(rig.db, owned, commands);
  if (result.kind === "fenced") throw new Error("fenced");
  return commands.flatMap(({ id, tenantId }) => result.states.filter((s) => s.id === id && s.tenantId === tenantId));
}

const rowOf = async ({ tenantId, id }: { tenantId: string; id: string }) => {
  const row = await loadOperation(rig.db, tenantId, id);
  if (!row) throw new Error(`operation ${id} has no row`);
  return row;
};

const keyOf = ({ tenantId, key }: { tenantId: string; key?: string | undefined }) =>
  rig.query("SELECT operation_id, request_hash, admitted FROM idempotency_keys WHERE tenant_id = $1 AND key = $2", [
    tenantId,
    key,
  ]);

const runnable = { status: "accepted", completed: false, version: 0, fresh: true, same: true };

describe("admission", () => {
  it("gives the positions as they come, also beyond 2^53", async () => {
    const owned = { ...(await ownPartition(rig.db)) };
    const commands = [
      admitted(owned, 1),
      admitted(owned, 2),
      { ...admitted(owned, 3), position: "9223372036854775807" },
    ];
    const states = await statesOf(owned, commands);
    expect(states).toEqual(
      commands.map((c) => expect.objectContaining({ id: c.id, position: c.position, ...runnable })),
    );
    const rows = await Promise.all(commands.map(rowOf));
    expect(rows.map(({ position }) => position)).toEqual(commands.map(({ position }) => position));
  });

  it("writes all that the command says", async () => {
    const owned = await ownPartition(rig.db);
    const audience = [newId()];
    const input = '{ "text": "ünïcode \\u0041 \\"quoted\\" \\\\ 𝄞" }';
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const acceptedAtMs = 1_790_000_000_123;
    const command = admitted(owned, 7, { audience, input, traceparent, acceptedAtMs, key: "k", logOffset: 42 });
    await statesOf(owned, [command]);
    expect(await rowOf(command)).toMatchObject({
      type: command.type,
      revision: 1,
      entityType: "order",
      entityId: "1",
      partition: owned.partition,
      status: "accepted",
      input,
      step: "reserve-stock",
      steps: command.steps,
      audience,
      traceparent,
      createdAt: new Date(acceptedAtMs),
      updatedAt: new Date(acceptedAtMs),
      completedAt: null,
      duplicateOf: null,
    });
  });

  it("gives a row that ingest made its position and leaves its content", async () => {
    const owned = await ownPartition(rig.db);
    const command = admitted(owned, 5, { input: '{"as":"ingest wrote it"}', logOffset: 11 });
    await projectCommands(rig.db, [command]);
    const states = await statesOf(owned, [{ ...command, input: '{"as":"read again"}', steps: [], revision: 2 }]);
    expect(states).toEqual([expect.objectContaining({ position: command.position, ...runnable })]);
    const row = await rowOf(command);
    expect(row).toMatchObject({ position: command.position, input: command.input, steps: command.steps, revision: 1 });
  });

  it("reports a command that comes again, with its first position and its state, and changes nothing", async () => {
    const owned = await ownPartition(rig.db);
    const command = await anOperation(rig.db, owned, 1);
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, command, { status: "waiting", nextAttemptInMs: 60_000 })]);
    const before = await rowOf(command);
    const [state] = await statesOf(owned, [{ ...command, position: numberIn(owned.epoch, 2) }]);
    expect(state).toMatchObject({
      position: command.position,
      fresh: false,
      same: true,
      status: "waiting",
      version: 1,
    });
    expect(state?.nextAttemptInMs).toBeGreaterThan(50_000);
    expect(state?.nextAttemptInMs).toBeLessThanOrEqual(60_000);
    expect(await rowOf(command)).toEqual(before);
  });

  it("reports a final operation that comes again as completed", async () => {
    const owned = await ownPartition(rig.db);
    const command = await anOperation(rig.db, owned, 1, { key: "once" });
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, command, { status: "succeeded", completed: true })]);
    const states = await statesOf(owned, [{ ...command, position: numberIn(owned.epoch, 2) }]);
    expect(states).toEqual([
      expect.objectContaining({ fresh: false, same: true, completed: true, status: "succeeded" }),
    ]);
  });

  it("writes nothing under an epoch that is over, neither rows nor keys", async () => {
    const old = await ownPartition(rig.db);
    await ownPartition(rig.db, old.partition, "other");
    const command = admitted(old, 1, { key: "fenced" });
    expect(await admitCommands(rig.db, old, [command])).toEqual({ kind: "fenced" });
    expect(await loadOperation(rig.db, command.tenantId, command.id)).toBeUndefined();
    expect(await keyOf(command)).toEqual([]);
  });

  it.each([
    ["another request", { hash: "another request" }],
    ["another partition", {}],
  ])("leaves the first command of an id alone when the id is used again with %s", async (_, changed) => {
    const owned = await ownPartition(rig.db);
    const elsewhere = Object.keys(changed).length > 0 ? owned : await ownPartition(rig.db);
    const first = await anOperation(rig.db, owned, 1);
    const before = await rowOf(first);
    const { tenantId, id } = first;
    const [state] = await statesOf(elsewhere, [admitted(elsewhere, 2, { tenantId, id, key: "reused", ...changed })]);
    expect(state).toMatchObject({ same: false, fresh: false, position: first.position });
    expect(await rowOf(first)).toEqual(before);
    expect(await keyOf({ tenantId, key: "reused" })).toEqual([]);
  });

  it("does the same when only ingest made the first one's row", async () => {
    const owned = await ownPartition(rig.db);
    const first = admitted(owned, 1);
    await projectCommands(rig.db, [first]);
    const [state] = await statesOf(owned, [{ ...first, hash: "another request" }]);
    expect(state).toMatchObject({ same: false, fresh: false, position: null });
    expect(await rowOf(first)).toMatchObject({ position: null, input: first.input });
  });

  it("keeps tenants apart that use the same id and key in one batch", async () => {
    const owned = await ownPartition(rig.db);
    const one = admitted(owned, 1, { key: "k", input: '"one"' });
    const other = admitted(owned, 2, { key: "k", input: '"other"', id: one.id, hash: "another request" });
    const states = await statesOf(owned, [one, other]);
    expect(states).toEqual([one, other].map((c) => expect.objectContaining({ position: c.position, ...runnable })));
    expect([(await rowOf(one)).input, (await rowOf(other)).input]).toEqual(['"one"', '"other"']);
  });

  it("fails whole, as the data's fault, when one row can't be held", async () => {
    const owned = await ownPartition(rig.db);
    const fine = admitted(owned, 1);
    const outOfRange = admitted(owned, 2, { id: "01000000-0000-7000-8000-000000000000" });
    const error = await admitCommands(rig.db, owned, [fine, outOfRange]).catch((thrown: unknown) => thrown);
    expect(isDataFailure(error)).toBe(true);
    expect(await loadOperation(rig.db, fine.tenantId, fine.id)).toBeUndefined();
  });
});

describe("two commands under one idempotency key", () => {
  const sameRequest = { status: "cancelled", completed: true, fresh: true, same: true };

  it("run once: the second leaves a final row that names the first", async () => {
    const owned = await ownPartition(rig.db);
    const first = await anOperation(rig.db, owned, 1, { key: "k" });
    const twin = admitted(owned, 2, { tenantId: first.tenantId, key: "k" });
    expect(await statesOf(owned, [twin])).toEqual([expect.objectContaining(sameRequest)]);
    expect(await rowOf(twin)).toMatchObject({ duplicateOf: first.id, error: null, completedAt: expect.any(Date) });
    expect(await rowOf(first)).toMatchObject({ status: "accepted", duplicateOf: null, completedAt: null });
  });

  it("fail the second when it asks for something else", async () => {
    const owned = await ownPartition(rig.db);
    const first = await anOperation(rig.db, owned, 1, { key: "k" });
    const second = admitted(owned, 2, { tenantId: first.tenantId, key: "k", hash: "another request" });
    expect(await statesOf(owned, [second])).toEqual([expect.objectContaining({ status: "failed", completed: true })]);
    expect(await rowOf(second)).toMatchObject({
      status: "failed",
      duplicateOf: null,
      error: { code: "idempotency-key-reused", rolledBack: true },
      completedAt: expect.any(Date),
    });
    expect(await keyOf(first)).toEqual([{ operation_id: first.id, request_hash: first.hash, admitted: true }]);
  });

  it("are told apart within one batch by their positions, not by their places in it", async () => {
    const owned = await ownPartition(rig.db);
    const tenantId = newId();
    const first = admitted(owned, 9, { tenantId, key: "k" });
    const twin = admitted(owned, 10, { tenantId, key: "k" });
    const other = admitted(owned, 11, { tenantId, key: "k", hash: "another request" });
    await statesOf(owned, [other, twin, first]);
    expect(await rowOf(first)).toMatchObject({ status: "accepted", completedAt: null });
    expect(await rowOf(twin)).toMatchObject({ status: "cancelled", duplicateOf: first.id });
    expect(await rowOf(other)).toMatchObject({ status: "failed", error: { code: "idempotency-key-reused" } });
  });

  it("are decided by the log, even when ingest had given the key to the other one", async () => {
    const owned = await ownPartition(rig.db);
    const tenantId = newId();
    const first = admitted(owned, 1, { tenantId, key: "k" });
    const second = admitted(owned, 2, { tenantId, key: "k" });
    await projectCommands(rig.db, [second]);
    await projectCommands(rig.db, [first]);
    expect(await keyOf(second)).toEqual([{ operation_id: second.id, request_hash: second.hash, admitted: false }]);
    expect(await statesOf(owned, [first])).toEqual([expect.objectContaining(runnable)]);
    expect(await statesOf(owned, [second])).toEqual([expect.objectContaining(sameRequest)]);
    expect(await keyOf(first)).toEqual([{ operation_id: first.id, request_hash: first.hash, admitted: true }]);
    expect(await rowOf(second)).toMatchObject({ duplicateOf: first.id });
  });

  it("run once when the owners of two partitions admit them at the same time", async () => {
    const owners = [await ownPartition(rig.db), await ownPartition(rig.db)] as const;
    const tenantId = newId();
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const [ones, others] = owners.map((owned) => keys.map((key, n) => admitted(owned, n, { tenantId, key })));
    if (!ones || !others) throw new Error("two owners");
    // In opposite orders: whoever takes locks as they come would meet the other head on.
    await Promise.all([statesOf(owners[0], ones), statesOf(owners[1], others.toReversed())]);
    for (const [n, one] of ones.entries()) {
      const rows = await Promise.all([one, others[n] ?? one].map(rowOf));
      const runs = rows.filter(({ completedAt }) => completedAt === null);
      expect(runs).toHaveLength(1);
      const twins = rows.filter(({ completedAt }) => completedAt !== null);
      expect(twins.map(({ duplicateOf }) => duplicateOf)).toEqual([runs[0]?.id]);
    }
  });

  it("wait for the first when it is being admitted elsewhere, and run when that is undone", async () => {
    const owned = await ownPartition(rig.db);
    const command = admitted(owned, 1, { key: "k" });
    const elsewhere = await rig.connect();
    await elsewhere.query("BEGIN");
    await elsewhere.query("INSERT INTO idempotency_keys VALUES ($1, 'k', $2, 'x', true)", [command.tenantId, newId()]);
    const admission = statesOf(owned, [command]);
    await rig.untilWaiting(1);
    await elsewhere.query("ROLLBACK");
    expect(await admission).toEqual([expect.objectContaining(runnable)]);
  });

  it("end no differently when they are read again", async () => {
    const owned = await ownPartition(rig.db);
    const first = await anOperation(rig.db, owned, 1, { key: "k" });
    const twin = await anOperation(rig.db, owned, 2, { tenantId: first.tenantId, key: "k" });
    const before = [await rowOf(first), await rowOf(twin)];
    const again = [first, twin].map((c, n) => ({ ...c, position: numberIn(owned.epoch, 10 + n) }));
    expect(await statesOf(owned, again)).toEqual([
      expect.objectContaining({ position: first.position, fresh: false, completed: false }),
      expect.objectContaining({ position: twin.position, fresh: false, completed: true }),
    ]);
    expect([await rowOf(first), await rowOf(twin)]).toEqual(before);
  });
});

it("admits an id that another batch makes at the same time in a second try, with one position", async () => {
  const owned = await ownPartition(rig.db);
  const command = aCommand({ partition: owned.partition });
  const ingest = await rig.connect();
  await ingest.query("BEGIN");
  await ingest.query(
    `INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, request_hash, input)
     VALUES ($1, $2, 'order.place', 1, 'order', '1', $3, 'another request', '{}')`,
    [command.tenantId, command.id, owned.partition],
  );
  const admission = statesOf(owned, [{ ...command, position: numberIn(owned.epoch, 1) }]);
  await rig.untilWaiting(1);
  await ingest.query("COMMIT");
  expect(await admission).toEqual([]);
  const again = await statesOf(owned, [{ ...command, position: numberIn(owned.epoch, 1) }]);
  expect(again).toEqual([expect.objectContaining({ same: false, fresh: false, position: null })]);
});

describe("a command that is too old", () => {
  const ended = { status: "failed", completed: true, fresh: true, same: true };
  const error = { code: "too-old", message: expect.any(String), rolledBack: true };

  it.each([undefined, "k"])("ends visibly and is not run, under the key %j, which it doesn't take", async (key) => {
    const owned = await ownPartition(rig.db);
    const command = { ...admitted(owned, 1, { key }), tooOld: true };
    expect(await statesOf(owned, [command])).toEqual([expect.objectContaining(ended)]);
    expect(await rowOf(command)).toMatchObject({ status: "failed", error, completedAt: expect.any(Date) });
    expect(await keyOf(command)).toEqual([]);
  });

  it("takes its end also where ingest made its row", async () => {
    const owned = await ownPartition(rig.db);
    const command = admitted(owned, 1);
    await projectCommands(rig.db, [command]);
    expect(await statesOf(owned, [{ ...command, tooOld: true }])).toEqual([expect.objectContaining(ended)]);
    expect(await rowOf(command)).toMatchObject({ status: "failed", error });
  });

  it("goes on when it was admitted before: a long life is no fault", async () => {
    const owned = await ownPartition(rig.db);
    const command = await anOperation(rig.db, owned, 1, { key: "k" });
    const again = { ...command, position: numberIn(owned.epoch, 2), tooOld: true };
    expect(await statesOf(owned, [again])).toEqual([
      expect.objectContaining({ status: "accepted", completed: false, fresh: false, position: command.position }),
    ]);
    expect(await rowOf(command)).toMatchObject({ status: "accepted", error: null });
  });

  it("leaves the key to one beside it that is not", async () => {
    const owned = await ownPartition(rig.db);
    const old = { ...admitted(owned, 1, { key: "k" }), tooOld: true };
    const young = admitted(owned, 2, { tenantId: old.tenantId, key: "k" });
    await statesOf(owned, [old, young]);
    expect(await rowOf(old)).toMatchObject({ status: "failed", error, duplicateOf: null });
    expect(await rowOf(young)).toMatchObject({ status: "accepted", completedAt: null });
    expect(await keyOf(young)).toEqual([{ operation_id: young.id, request_hash: young.hash, admitted: true }]);
  });
});
