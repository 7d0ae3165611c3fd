import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { loadOperation } from "../operations/load-operation.ts";
import { useDatabase } from "../test-rig.ts";
import { aCheckpoint, aCommand, anEvent, anOperation, numberIn, ownPartition } from "../test-rows.ts";
import { transact } from "../transaction.ts";
import { type CheckpointResult, refusedCheckpoint, saveCheckpointOrFail, saveCheckpoints } from "./checkpoint.ts";

const rig = useDatabase();
const saved = (version: number, request: unknown = null): CheckpointResult => ({ kind: "saved", version, request });

const eventsOf = (tenantId: string) =>
  rig
    .query<{ id: string }>("SELECT id FROM events WHERE tenant_id = $1 ORDER BY id", [tenantId])
    .then((rows) => rows.map((r) => r.id));

describe("a checkpoint", () => {
  it("is saved, fenced or outdated for itself within one batch, and events are written only where it was saved", async () => {
    const tenantId = newId();
    const [mine, lost] = [await ownPartition(rig.db), await ownPartition(rig.db)];
    const [one, other, behind] = [
      await anOperation(rig.db, mine, 1, { tenantId }),
      await anOperation(rig.db, mine, 2, { tenantId }),
      await anOperation(rig.db, mine, 3, { tenantId }),
    ];
    const fenced = await anOperation(rig.db, lost, 1, { tenantId });
    await ownPartition(rig.db, lost.partition, "other");
    await saveCheckpoints(rig.db.pool, [aCheckpoint(mine, behind)]);

    const [told, untold] = [anEvent({ tenantId, operationId: one.id }), anEvent({ tenantId, operationId: one.id })];
    const results = await saveCheckpoints(rig.db.pool, [
      aCheckpoint(lost, fenced, { events: [anEvent({ tenantId, operationId: fenced.id })] }),
      aCheckpoint(mine, behind, { events: [anEvent({ tenantId, operationId: behind.id })] }),
      aCheckpoint(mine, one, { events: [told, untold] }),
      aCheckpoint(mine, other),
      aCheckpoint(mine, aCommand({ tenantId }), { events: [] }),
    ]);
    expect(results).toEqual([{ kind: "fenced" }, { kind: "outdated" }, saved(1), saved(1), { kind: "outdated" }]);
    expect(await eventsOf(tenantId)).toEqual([told.id, untold.id].toSorted());
    expect(await loadOperation(rig.db, tenantId, fenced.id)).toMatchObject({ version: 0, status: "accepted" });
    expect(await loadOperation(rig.db, tenantId, behind.id)).toMatchObject({ version: 1 });
  });

  it("saves the state as it is given, and clears what isn't given", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const read = () => loadOperation(rig.db, operation.tenantId, operation.id);
    const steps = [{ name: "reserve-stock", status: "succeeded", output: { text: 'a "quote", a \\ and 𝄞' } }];
    const cause = { kind: "failure", code: "declined", message: "no" };
    const error = { code: "declined", message: "no", rolledBack: true };
    await saveCheckpoints(rig.db.pool, [
      aCheckpoint(owned, operation, {
        status: "waiting",
        step: "charge-payment",
        steps,
        cause,
        error,
        nextAttemptInMs: 30_000,
      }),
    ]);
    const waiting = await read();
    expect(waiting).toMatchObject({
      status: "waiting",
      step: "charge-payment",
      steps,
      cause,
      error,
      result: null,
      version: 1,
    });
    expect(waiting?.completedAt).toBeNull();
    const inMs = (waiting?.nextAttemptAt?.getTime() ?? 0) - (waiting?.updatedAt.getTime() ?? 0);
    expect(inMs).toBeCloseTo(30_000, -1);

    const result = { ok: [1, null, "two"] };
    await saveCheckpoints(rig.db.pool, [
      aCheckpoint(owned, operation, {
        version: 1,
        status: "succeeded",
        step: undefined,
        steps,
        result,
        completed: true,
      }),
    ]);
    const done = await read();
    expect(done).toMatchObject({
      status: "succeeded",
      step: null,
      cause: null,
      error: null,
      result,
      nextAttemptAt: null,
    });
    expect(done?.completedAt).toEqual(done?.updatedAt);
    expect(done?.position).toBe(operation.position);
  });

  it.each([
    ["ünïcode, 日本語, 𝄞 and \u2028"],
    ['"quotes" and \\backslashes\\ and \\u0041 \\n'],
    ["  spaces\n\tand\r\nbreaks  "],
    ["{}"],
  ])("keeps an event's body byte for byte: %j", async (body) => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const event = anEvent({ tenantId: operation.tenantId, operationId: operation.id, body });
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation, { events: [event] })]);
    const [row] = await rig.query<{ bytes: Buffer }>(
      "SELECT convert_to(body, 'UTF8') AS bytes FROM events WHERE tenant_id = $1 AND id = $2",
      [event.tenantId, event.id],
    );
    expect(row?.bytes.toString("hex")).toBe(Buffer.from(body, "utf8").toString("hex"));
  });

  it("writes all that an event says", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const event = anEvent({
      tenantId: operation.tenantId,
      operationId: operation.id,
      operationType: "order.place",
      entityType: "order",
      entityId: "1",
      partition: owned.partition,
      number: "9223372036854775807",
      audience: [newId(), newId()],
      traceparent: "00-1-2-01",
      acceptedAtMs: 1_790_000_000_123,
    });
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation, { events: [event] })]);
    const rows = await rig.query("SELECT * FROM events WHERE tenant_id = $1", [operation.tenantId]);
    expect(rows).toEqual([
      {
        tenant_id: event.tenantId,
        id: event.id,
        type: event.type,
        entity_type: "order",
        entity_id: "1",
        partition: owned.partition,
        log_offset: null,
        number: event.number,
        operation_id: operation.id,
        operation_type: "order.place",
        audience: event.audience,
        traceparent: event.traceparent,
        body: event.body,
        accepted_at: new Date(1_790_000_000_123),
      },
    ]);
  });

  it("returns what was asked for from outside, and leaves the asking in the row", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const request = { kind: "cancel", by: "key-1" };
    await rig.query("UPDATE operations SET request = $2 WHERE id = $1", [operation.id, JSON.stringify(request)]);
    expect(await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation)])).toEqual([saved(1, request)]);
    expect(await loadOperation(rig.db, operation.tenantId, operation.id)).toMatchObject({ request });
  });

  it("saves one of two at the same version, whoever sends them", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const events = [0, 1].map(() => anEvent({ tenantId: operation.tenantId, operationId: operation.id }));
    const results = await Promise.all(
      events.map((event) => saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation, { events: [event] })])),
    );
    expect(
      results
        .flat()
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(["outdated", "saved"]);
    const winner = results.findIndex(([result]) => result?.kind === "saved");
    expect(await eventsOf(operation.tenantId)).toEqual([events[winner]?.id]);
  });

  it("keeps tenants apart that use the same operation id in one batch", async () => {
    const owned = await ownPartition(rig.db);
    const one = await anOperation(rig.db, owned, 1);
    const other = await anOperation(rig.db, owned, 2, { id: one.id });
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, one)]);
    const event = (tenantId: string) => anEvent({ tenantId, operationId: one.id });
    const results = await saveCheckpoints(rig.db.pool, [
      aCheckpoint(owned, one, { events: [event(one.tenantId)] }),
      aCheckpoint(owned, other, { events: [event(other.tenantId)] }),
    ]);
    expect(results).toEqual([{ kind: "outdated" }, saved(1)]);
    expect([await eventsOf(one.tenantId), await eventsOf(other.tenantId)]).toEqual([[], [expect.any(String)]]);
  });

  it("sent with its COMMIT is saved, or fails and takes the transaction with it", async () => {
    const [mine, lost] = [await ownPartition(rig.db), await ownPartition(rig.db)];
    const [current, behind, fenced] = [
      await anOperation(rig.db, mine, 1),
      await anOperation(rig.db, mine, 2),
      await anOperation(rig.db, lost, 1),
    ];
    await rig.query("UPDATE partition_owners SET epoch = epoch + 1 WHERE partition = $1", [lost.partition]);
    const end = (checkpoint: ReturnType<typeof aCheckpoint>) =>
      transact(rig.db, async (client) => ({
        end: "commit-with",
        lastly: () => saveCheckpointOrFail(client, checkpoint),
      })).catch(refusedCheckpoint);
    expect(await end(aCheckpoint(mine, current))).toEqual(saved(1));
    expect(await end({ ...aCheckpoint(mine, behind), version: 7 })).toEqual({ kind: "outdated" });
    expect(await end(aCheckpoint(lost, fenced))).toEqual({ kind: "fenced" });
    expect(await loadOperation(rig.db, fenced.tenantId, fenced.id)).toMatchObject({ version: 0 });
  });

  it("leaves nothing behind when the transaction that it ends is rolled back", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const client = await rig.connect();
    await client.query("BEGIN");
    const event = anEvent({
      tenantId: operation.tenantId,
      operationId: operation.id,
      number: numberIn(owned.epoch, 1),
    });
    expect(await saveCheckpoints(client, [aCheckpoint(owned, operation, { events: [event] })])).toEqual([saved(1)]);
    await client.query("ROLLBACK");
    expect(await eventsOf(operation.tenantId)).toEqual([]);
    expect(await loadOperation(rig.db, operation.tenantId, operation.id)).toMatchObject({ version: 0 });
  });
});
