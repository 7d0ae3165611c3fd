import type { Admission, AdmittedCommand, CommandRow } from "@postback/database";
import { createLogger } from "@postback/runtime";
import { expect, it } from "vitest";
import { type OwnedPartition, Positions } from "../own/owned-partition.ts";
import { AdmissionBatcher } from "./admission-batcher.ts";
import { admitAll } from "./admit-commands.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const command = (id: string) => ({ tenantId: "t", id }) as CommandRow;

/** Admits like the database, one answer a statement, and notes what it was asked for. */
function rig(...answers: readonly ((commands: readonly AdmittedCommand[]) => Admission)[]) {
  const owned = {
    partition: 1,
    epoch: 0n,
    positions: new Positions(0n),
    lost: new AbortController(),
  } as OwnedPartition;
  const asked: string[][] = [];
  const passes: string[] = [];
  const batcher = new AdmissionBatcher(async (batches) => {
    const [{ commands } = { commands: [] }] = batches;
    asked.push(commands.map(({ id, position }) => `${id}@${position}`));
    return [(answers[asked.length - 1] ?? all)(commands)];
  });
  const letPass = async (held: readonly CommandRow[], isFirst: boolean) => {
    passes.push(`${held.map(({ id }) => id).join("")} ${isFirst ? "first" : "again"}`);
    // What passes gets a position of its own.
    owned.positions.next();
  };
  const admit = (...ids: string[]) => admitAll({ batcher, letPass, keysLifeMs: 1, logger }, owned, ids.map(command));
  return { admit, asked, passes };
}

const upTo =
  (count: number, held: boolean) =>
  (commands: readonly AdmittedCommand[]): Admission => ({
    kind: "admitted",
    held,
    states: commands.slice(0, count).map(({ tenantId, id, position }) => ({
      ...{ id, tenantId, position, status: "accepted", version: 0 },
      ...{ completed: false, nextAttemptInMs: null, fresh: true, same: true },
    })),
  });
const all = upTo(Number.POSITIVE_INFINITY, false);

it("lets sync steps pass before what they hold, which then comes after them in the order of positions", async () => {
  const { admit, asked, passes } = rig(upTo(1, true), upTo(0, true));
  const admitted = await admit("a", "b", "c");
  expect(asked).toEqual([
    ["a@1", "b@2", "c@3"],
    ["b@5", "c@6"],
    ["b@8", "c@9"],
  ]);
  expect(passes).toEqual(["bc first", "bc again"]);
  expect(admitted).toMatchObject({
    states: [{ command: { id: "a" } }, { command: { id: "b" } }, { command: { id: "c" } }],
  });
});

it("asks at once again for a command that met a row which came between", async () => {
  const { admit, asked, passes } = rig(upTo(1, false));
  await admit("a", "b");
  expect(asked).toEqual([["a@1", "b@2"], ["b@3"]]);
  expect(passes).toEqual([]);
});

it("puts no more into a statement than the locks that it may share", async () => {
  const { admit, asked } = rig();
  await admit(...Array.from({ length: 501 }, (_, index) => `id-${index}`));
  expect(asked.map((batch) => batch.length)).toEqual([500, 1]);
});
