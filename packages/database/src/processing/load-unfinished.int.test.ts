import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { projectCommands } from "../operations/project-commands.ts";
import { useDatabase } from "../test-rig.ts";
import { aCheckpoint, aCommand, admitted, anOperation, newPartition, numberIn, ownPartition } from "../test-rows.ts";
import { admitCommands } from "./admit-commands.ts";
import { saveCheckpoints } from "./checkpoint.ts";
import { loadUnadmitted } from "./load-unadmitted.ts";
import { loadUnfinished, loadUnfinishedOfEntity } from "./load-unfinished.ts";

const rig = useDatabase();
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

describe("unfinished operations", () => {
  it("are those with a position and no end, in log order, of this partition alone, those after a position", async () => {
    const [owned, elsewhere] = [await ownPartition(rig.db), await ownPartition(rig.db)];
    const [ended, second, third, fourth] = [
      await anOperation(rig.db, owned, 1),
      await anOperation(rig.db, owned, 2),
      await anOperation(rig.db, owned, 3),
      await anOperation(rig.db, owned, 4),
    ];
    await anOperation(rig.db, elsewhere, 1);
    await projectCommands(rig.db, [aCommand({ partition: owned.partition })]);
    await saveCheckpoints(rig.db.pool, [
      aCheckpoint(owned, ended, { status: "succeeded", completed: true }),
      aCheckpoint(owned, third, { status: "stuck" }),
    ]);
    const load = (after: bigint, limit: number) => loadUnfinished(rig.db, owned.partition, after, limit);
    const rows = await load(0n, 10);
    expect(idsOf(rows)).toEqual([second.id, third.id, fourth.id]);
    expect(rows.map(({ position }) => position)).toEqual([2, 3, 4].map((n) => numberIn(owned.epoch, n)));
    expect(idsOf(await load(0n, 2))).toEqual([second.id, third.id]);
    expect(idsOf(await load(BigInt(third.position), 10))).toEqual([fourth.id]);
  });

  it("are in order across epochs, also beyond 2^53", async () => {
    const owned = await ownPartition(rig.db);
    const late = { ...admitted(owned, 1), position: "9223372036854775807" };
    const early = { ...admitted(owned, 2), position: "9223372036854775806" };
    await admitCommands(rig.db, owned, [late]);
    await admitCommands(rig.db, owned, [early]);
    expect(idsOf(await loadUnfinished(rig.db, owned.partition, 9_223_372_036_854_775_805n, 10))).toEqual([
      early.id,
      late.id,
    ]);
    expect(idsOf(await loadUnfinished(rig.db, owned.partition, 9_223_372_036_854_775_806n, 10))).toEqual([late.id]);
  });

  it("of an entity are its own alone", async () => {
    const owned = await ownPartition(rig.db);
    const tenantId = newId();
    const [first, second, third] = [
      await anOperation(rig.db, owned, 1, { tenantId, entityId: "7" }),
      await anOperation(rig.db, owned, 2, { tenantId, entityId: "7" }),
      await anOperation(rig.db, owned, 3, { tenantId, entityId: "7" }),
    ];
    await anOperation(rig.db, owned, 4, { tenantId, entityId: "8" });
    await anOperation(rig.db, owned, 5, { tenantId, entityId: "7", entityType: "sku" });
    await anOperation(rig.db, owned, 6, { entityId: "7" });
    await projectCommands(rig.db, [aCommand({ tenantId, entityId: "7", partition: owned.partition })]);
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, first, { status: "failed", completed: true })]);
    const entity = { tenantId, type: "order", id: "7" };
    expect(idsOf(await loadUnfinishedOfEntity(rig.db, entity, 0n, 10))).toEqual([second.id, third.id]);
    expect(idsOf(await loadUnfinishedOfEntity(rig.db, entity, BigInt(second.position), 10))).toEqual([third.id]);
    expect(idsOf(await loadUnfinishedOfEntity(rig.db, entity, 0n, 1))).toEqual([second.id]);
  });
});

describe("unadmitted operations", () => {
  it("are those without a position below the offset that the consumer passed, the earliest first", async () => {
    const partition = newPartition();
    const owned = await ownPartition(rig.db, partition);
    const at = (logOffset: number) => aCommand({ partition, logOffset });
    const [late, early, edge, beyond] = [at(8), at(5), at(10), at(11)];
    const met = admitted(owned, 1, { logOffset: 6 });
    await projectCommands(rig.db, [
      late,
      early,
      edge,
      beyond,
      met,
      aCommand({ partition: newPartition(), logOffset: 5 }),
    ]);
    await admitCommands(rig.db, owned, [met]);
    expect(idsOf(await loadUnadmitted(rig.db, partition, 10, 10))).toEqual([early.id, late.id]);
    expect(idsOf(await loadUnadmitted(rig.db, partition, 10, 1))).toEqual([early.id]);
  });

  it("carry all that their command said, so that it can be produced again", async () => {
    const partition = newPartition();
    const command = aCommand({
      partition,
      key: "k",
      audience: [newId()],
      traceparent: "00-1-2-01",
      acceptedAtMs: 1_790_000_000_123,
      input: '{ "exact":  "bytes" }',
    });
    await projectCommands(rig.db, [command]);
    const { logOffset: _, partition: __, step: ___, steps: ____, ...said } = command;
    expect(await loadUnadmitted(rig.db, partition, 1, 10)).toEqual([said]);
  });
});
