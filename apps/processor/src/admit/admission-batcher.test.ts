import type { Admission, AdmittedCommand, PartitionCommands } from "@postback/database";
import { expect, it } from "vitest";
import { AdmissionBatcher } from "./admission-batcher.ts";

const batch = (partition: number, ...ids: string[]): PartitionCommands => ({
  partition,
  epoch: 1n,
  commands: ids.map((id) => ({ tenantId: "t", id }) as AdmittedCommand),
});
const admitted: Admission = { kind: "admitted", states: [], held: false };

function rig(answer: (batches: readonly PartitionCommands[]) => Admission[] = (b) => b.map(() => admitted)) {
  const statements: number[][] = [];
  const batcher = new AdmissionBatcher(async (batches) => {
    statements.push(batches.map(({ partition }) => partition));
    await Promise.resolve();
    return answer(batches);
  });
  return { batcher, statements };
}

it("admits together what comes while a statement is under way, and answers each for itself", async () => {
  const { batcher, statements } = rig((batches) =>
    batches.map(({ partition }) => (partition === 2 ? { kind: "fenced" } : admitted)),
  );
  const answers = await Promise.all([1, 2, 3].map((partition) => batcher.admit(batch(partition, `id-${partition}`))));
  expect(answers).toEqual([admitted, { kind: "fenced" }, admitted]);
  expect(statements).toEqual([[1], [2, 3]]);
});

it("never puts an id twice into one statement", async () => {
  const { batcher, statements } = rig();
  await Promise.all([batcher.admit(batch(1, "a")), batcher.admit(batch(2, "b")), batcher.admit(batch(3, "b"))]);
  expect(statements).toEqual([[1], [2], [3]]);
});

it("fails only the batch whose data is at fault", async () => {
  const badData = Object.assign(new Error("bad data"), { code: "22P05" });
  const { batcher } = rig((batches) => {
    if (batches.some(({ partition }) => partition === 2)) throw badData;
    return batches.map(() => admitted);
  });
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map((partition) => batcher.admit(batch(partition, `id-${partition}`))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

it("fails all of a statement when Postgres is away", async () => {
  const { batcher } = rig(() => {
    throw new Error("connection refused");
  });
  const outcomes = await Promise.allSettled([batcher.admit(batch(1, "a")), batcher.admit(batch(2, "b"))]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
