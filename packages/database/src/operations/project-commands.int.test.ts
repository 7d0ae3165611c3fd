import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { admitCommands } from "../processing/admit-commands.ts";
import { useDatabase } from "../test-rig.ts";
import { aCommand, admitted, anOperation, ownPartition } from "../test-rows.ts";
import { findOperationByKey } from "./find-by-key.ts";
import { loadOperation } from "./load-operation.ts";
import { type ProjectedCommand, projectCommands } from "./project-commands.ts";

const rig = useDatabase();

const idsOf = (projected: readonly ProjectedCommand[]) =>
  projected.map((each) => (each.kind === "stored" ? each.operation.id : each.kind));

describe("projection", () => {
  it("answers with the row that it made, exactly as it is read afterwards", async () => {
    const plain = aCommand();
    const full = aCommand({
      key: "k",
      audience: [newId()],
      traceparent: "00-1-2-01",
      logOffset: 7,
      acceptedAtMs: 1_790_000_000_123,
    });
    const projected = await projectCommands(rig.db, [plain, full]);
    const rows = await Promise.all([plain, full].map(({ tenantId, id }) => loadOperation(rig.db, tenantId, id)));
    expect(projected).toEqual(rows.map((operation) => ({ kind: "stored", operation })));
  });

  it("answers with the operation that had the key before", async () => {
    const first = aCommand({ key: "k" });
    const again = aCommand({ key: "k", tenantId: first.tenantId });
    await projectCommands(rig.db, [first]);
    expect(idsOf(await projectCommands(rig.db, [again]))).toEqual([first.id]);
    expect(await findOperationByKey(rig.db, first.tenantId, "k")).toMatchObject({ id: first.id, hash: first.hash });
  });

  it("says that a key was used for another request", async () => {
    const first = aCommand({ key: "k" });
    await projectCommands(rig.db, [first]);
    const other = aCommand({ key: "k", tenantId: first.tenantId, hash: "another request" });
    expect(await projectCommands(rig.db, [other])).toEqual([{ kind: "reused" }]);
  });

  it("says that an id was used for another request, and answers the same request with its row", async () => {
    const first = aCommand();
    await projectCommands(rig.db, [first]);
    expect(idsOf(await projectCommands(rig.db, [first]))).toEqual([first.id]);
    expect(await projectCommands(rig.db, [{ ...first, hash: "another request" }])).toEqual([{ kind: "reused" }]);
  });

  it("leaves a row as it is that the processor made first, and answers with it", async () => {
    const owned = await ownPartition(rig.db);
    const command = await anOperation(rig.db, owned, 1, { key: "k" });
    const before = await loadOperation(rig.db, command.tenantId, command.id);
    const projected = await projectCommands(rig.db, [{ ...command, input: '"late"', logOffset: 99 }]);
    expect(projected).toEqual([{ kind: "stored", operation: before }]);
    expect(await loadOperation(rig.db, command.tenantId, command.id)).toEqual(before);
  });

  it("gives the key, within one call, to the command that is first in the log, and answers in the order of the call", async () => {
    const tenantId = newId();
    const later = aCommand({ tenantId, key: "k", logOffset: 6 });
    const earlier = aCommand({ tenantId, key: "k", logOffset: 5 });
    const free = aCommand({ tenantId, logOffset: 4 });
    const other = aCommand({ tenantId, key: "k", logOffset: 7, hash: "another request" });
    const projected = await projectCommands(rig.db, [later, other, free, earlier]);
    expect(idsOf(projected)).toEqual([earlier.id, "reused", free.id, earlier.id]);
  });

  it("keeps tenants apart that use the same id and key in one call", async () => {
    const known = aCommand({ key: "k", input: '"known"' });
    await projectCommands(rig.db, [known]);
    const repeated = { ...known };
    const fresh = aCommand({ key: "k", id: known.id, input: '"fresh"' });
    const taken = aCommand({ id: known.id, input: '"taken"' });
    await projectCommands(rig.db, [taken]);
    for (const calls of [
      [repeated, fresh, { ...taken }],
      [{ ...taken }, fresh, repeated],
    ]) {
      const projected = await projectCommands(rig.db, calls);
      const answers = projected.map((each) =>
        each.kind === "stored" ? [each.operation.tenantId, each.operation.input] : each.kind,
      );
      expect(answers).toEqual(calls.map(({ tenantId, input }) => [tenantId, input]));
    }
  });

  it("gives the same answer to all of many that come under one key at the same time", async () => {
    const other = rig.open();
    const tenantId = newId();
    const rounds = Array.from({ length: 10 }, (_, round) => `k${round}`);
    for (const key of rounds) {
      const calls = Array.from({ length: 4 }, (_, n) =>
        projectCommands(n % 2 ? other : rig.db, [aCommand({ tenantId, key })]),
      );
      const ids = (await Promise.all(calls)).flatMap(idsOf);
      expect(new Set(ids).size).toBe(1);
      expect(await findOperationByKey(rig.db, tenantId, key)).toMatchObject({ id: ids[0] });
    }
  });

  it("takes the key before the row, as admission does, so that the two can't lock each other out", async () => {
    const command = aCommand({ key: "k" });
    const admission = await rig.connect();
    await admission.query("BEGIN");
    await admission.query("INSERT INTO idempotency_keys VALUES ($1, 'k', $2, $3, true)", [
      command.tenantId,
      command.id,
      command.hash,
    ]);
    const projection = projectCommands(rig.db, [command]);
    await rig.untilWaiting(1);
    await admission.query(
      `INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, request_hash, input, position)
       VALUES ($1, $2, 'order.place', 1, 'order', '1', 0, $3, '"admitted"', 1)`,
      [command.tenantId, command.id, command.hash],
    );
    await admission.query("COMMIT");
    expect(await projection).toEqual([
      { kind: "stored", operation: expect.objectContaining({ id: command.id, input: '"admitted"', position: "1" }) },
    ]);
  });

  it("and admission of the same commands at the same time end alike, whoever comes first", async () => {
    const owned = await ownPartition(rig.db);
    const tenantId = newId();
    for (let round = 0; round < 20; round += 1) {
      const commands = Array.from({ length: 5 }, (_, n) =>
        admitted(owned, round * 5 + n, { tenantId, key: `r${round}.${n}` }),
      );
      const [projected, admission] = await Promise.all([
        projectCommands(rig.db, commands.toReversed()),
        admitCommands(rig.db, owned, commands),
      ]);
      expect(idsOf(projected)).toEqual(commands.map(({ id }) => id).toReversed());
      expect(admission).toMatchObject({ kind: "admitted", states: { length: 5 } });
    }
    const rows = await rig.query("SELECT FROM operations WHERE tenant_id = $1 AND position IS NOT NULL", [tenantId]);
    expect(rows).toHaveLength(100);
  });
});
