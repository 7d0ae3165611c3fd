import { describe, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { aCheckpoint, admitted, anOperation, newPartition, ownPartition } from "../test-rows.ts";
import { acquirePartitions } from "./acquire-partitions.ts";
import { admitCommands } from "./admit-commands.ts";
import { saveCheckpoints } from "./checkpoint.ts";

const rig = useDatabase();

describe("acquiring partitions", () => {
  it("keeps those that still name the owner under its epoch, and raises the epoch of all others", async () => {
    const [mine, forgotten, lost, fresh] = [newPartition(), newPartition(), newPartition(), newPartition()];
    const first = await acquirePartitions(rig.db, "me", [mine, forgotten, lost], new Map());
    expect(first.map(({ epoch, kept }) => ({ epoch, kept }))).toEqual(Array(3).fill({ epoch: 1n, kept: false }));
    await acquirePartitions(rig.db, "other", [lost], new Map());
    const known = new Map([
      [mine, 1n],
      [lost, 1n],
    ]);
    const again = await acquirePartitions(rig.db, "me", [mine, forgotten, lost, fresh], known);
    expect(again.toSorted((a, b) => a.partition - b.partition)).toEqual([
      { partition: mine, epoch: 1n, kept: true },
      { partition: forgotten, epoch: 2n, kept: false },
      { partition: lost, epoch: 3n, kept: false },
      { partition: fresh, epoch: 1n, kept: false },
    ]);
  });

  it("keeps nothing that another process owns under the same epoch", async () => {
    const { partition, epoch } = await ownPartition(rig.db, newPartition(), "other");
    const taken = await acquirePartitions(rig.db, "me", [partition], new Map([[partition, epoch]]));
    expect(taken).toEqual([{ partition, epoch: epoch + 1n, kept: false }]);
  });

  it("waits for a transaction that holds the fence, and what that saved is there afterwards", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const holder = await rig.connect();
    await holder.query("BEGIN");
    const saved = await saveCheckpoints(holder, [aCheckpoint(owned, operation)]);
    expect(saved).toEqual([{ kind: "saved", version: 1, request: null }]);

    let isAcquired = false;
    const acquiring = acquirePartitions(rig.db, "other", [owned.partition], new Map()).finally(() => {
      isAcquired = true;
    });
    await rig.untilWaiting(1);
    expect(isAcquired).toBe(false);
    await holder.query("COMMIT");
    expect(await acquiring).toEqual([{ partition: owned.partition, epoch: owned.epoch + 1n, kept: false }]);
    expect(await rig.query("SELECT version FROM operations WHERE id = $1", [operation.id])).toEqual([{ version: 1 }]);
  });

  it("lets the old epoch save and admit nothing more, neither after the take-over nor when it waited for it", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const taker = await rig.connect();
    await taker.query("BEGIN");
    await taker.query("SELECT FROM partition_owners WHERE partition = $1 FOR UPDATE", [owned.partition]);
    const late = Promise.all([
      saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation)]),
      admitCommands(rig.db, owned, [admitted(owned, 2)]),
    ]);
    await rig.untilWaiting(2);
    await taker.query("UPDATE partition_owners SET owner = 'other', epoch = epoch + 1 WHERE partition = $1", [
      owned.partition,
    ]);
    await taker.query("COMMIT");
    expect(await late).toEqual([[{ kind: "fenced" }], { kind: "fenced" }]);

    expect(await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation)])).toEqual([{ kind: "fenced" }]);
    expect(await admitCommands(rig.db, owned, [admitted(owned, 3)])).toEqual({ kind: "fenced" });
    const rows = await rig.query("SELECT id, version FROM operations WHERE partition = $1", [owned.partition]);
    expect(rows).toEqual([{ id: operation.id, version: 0 }]);
  });

  it("gives each of two that acquire at the same time an epoch of its own", async () => {
    const all = [newPartition(), newPartition(), newPartition()];
    const other = rig.open();
    const taken = await Promise.all([
      acquirePartitions(rig.db, "me", all, new Map()),
      acquirePartitions(other, "other", all.toReversed(), new Map()),
    ]);
    for (const partition of all) {
      const epochs = taken.flat().filter((ownership) => ownership.partition === partition);
      expect(epochs.map(({ epoch }) => epoch).toSorted()).toEqual([1n, 2n]);
    }
  });
});
