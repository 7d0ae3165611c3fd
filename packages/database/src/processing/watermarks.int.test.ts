import { describe, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import {
  aCheckpoint,
  anEvent,
  anOperation,
  newPartition,
  numberIn,
  type OwnedPartition,
  ownPartition,
} from "../test-rows.ts";
import { saveCheckpoints } from "./checkpoint.ts";
import { loadUnpublished } from "./load-unpublished.ts";
import { loadWatermark, moveWatermarks } from "./watermarks.ts";

const rig = useDatabase();
const movedTo = ({ partition, epoch }: OwnedPartition, n: number) => ({
  partition,
  epoch: epoch.toString(),
  number: numberIn(epoch, n),
});

describe("the published watermark", () => {
  it("is 0 where nothing was published, and moves of several partitions at once", async () => {
    const [one, other] = [await ownPartition(rig.db), await ownPartition(rig.db)];
    expect(await loadWatermark(rig.db, one.partition)).toBe(0n);
    await moveWatermarks(rig.db, [movedTo(other, 7), movedTo(one, 5)]);
    expect(await loadWatermark(rig.db, one.partition)).toBe(BigInt(numberIn(one.epoch, 5)));
    expect(await loadWatermark(rig.db, other.partition)).toBe(BigInt(numberIn(other.epoch, 7)));
    expect(await loadWatermark(rig.db, newPartition())).toBe(0n);
  });

  it("never goes back", async () => {
    const owned = await ownPartition(rig.db);
    await moveWatermarks(rig.db, [movedTo(owned, 5)]);
    await moveWatermarks(rig.db, [movedTo(owned, 4)]);
    expect(await loadWatermark(rig.db, owned.partition)).toBe(BigInt(numberIn(owned.epoch, 5)));
  });

  it("stays where the partition has another owner, and moves of the others in the same call", async () => {
    const [lost, kept] = [await ownPartition(rig.db), await ownPartition(rig.db)];
    await ownPartition(rig.db, lost.partition, "other");
    await moveWatermarks(rig.db, [movedTo(lost, 5), movedTo(kept, 5)]);
    expect(await loadWatermark(rig.db, lost.partition)).toBe(0n);
    expect(await loadWatermark(rig.db, kept.partition)).toBe(BigInt(numberIn(kept.epoch, 5)));
  });
});

describe("unpublished events", () => {
  it("are those of the partition above the watermark, in the order of their numbers", async () => {
    const [owned, elsewhere] = [await ownPartition(rig.db), await ownPartition(rig.db)];
    const operation = await anOperation(rig.db, owned, 1);
    const numbered = ({ partition, epoch }: OwnedPartition, n: number) =>
      anEvent({ tenantId: operation.tenantId, operationId: operation.id, partition, number: numberIn(epoch, n) });
    const [third, second, first] = [numbered(owned, 3), numbered(owned, 2), numbered(owned, 1)];
    const unnumbered = anEvent({ tenantId: operation.tenantId, operationId: operation.id, partition: owned.partition });
    const events = [third, unnumbered, second, first, numbered(elsewhere, 4)];
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation, { events })]);
    const above = async (n: number, limit = 10) => {
      const after = n === 0 ? 0n : BigInt(numberIn(owned.epoch, n));
      return (await loadUnpublished(rig.db, owned.partition, after, limit)).map(({ id }) => id);
    };
    expect(await above(0)).toEqual([first.id, second.id, third.id]);
    expect(await above(1)).toEqual([second.id, third.id]);
    expect(await above(0, 2)).toEqual([first.id, second.id]);
    expect(await above(3)).toEqual([]);
  });

  it("carry the exact body and all else that their message needs", async () => {
    const owned = await ownPartition(rig.db);
    const operation = await anOperation(rig.db, owned, 1);
    const event = anEvent({
      tenantId: operation.tenantId,
      partition: owned.partition,
      number: numberIn(owned.epoch, 1),
      operationId: operation.id,
      operationType: "order.place",
      entityType: "order",
      entityId: "1",
      audience: [operation.id],
      traceparent: "00-1-2-01",
      body: '{ "text": "𝄞 \\"quoted\\"" }',
      acceptedAtMs: 1_790_000_000_123,
    });
    await saveCheckpoints(rig.db.pool, [aCheckpoint(owned, operation, { events: [event] })]);
    const { partition: _, logOffset: __, ...said } = event;
    expect(await loadUnpublished(rig.db, owned.partition, 0n, 10)).toEqual([said]);
  });
});
