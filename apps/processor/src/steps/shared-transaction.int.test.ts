import { loadOperation, type OperationRow, type TransactionClient } from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import { describe, expect, it } from "vitest";
import { type Member, memberMaxMs } from "./shared-transaction.ts";
import { done, failedBy, holding, losingTheAnswerToCommit, refused, sqlStateFrom, useSharing } from "./test-rig.ts";

const rig = useSharing({
  notes: "id integer PRIMARY KEY, text text NOT NULL",
  late: "id integer UNIQUE DEFERRABLE INITIALLY DEFERRED",
});
const { member: aMember, share } = rig;

const writing = (id: number) => async (client: TransactionClient) => {
  await client.query("INSERT INTO notes VALUES ($1, 'x')", [id]);
  return done;
};

const notes = async () =>
  (await rig.db.pool.query<{ id: number }>("SELECT id FROM notes ORDER BY id")).rows.map(({ id }) => id);
const versionOf = async ({ tenantId, id }: OperationRow) => (await loadOperation(rig.db, tenantId, id))?.version;
const eventsOf = async ({ id }: OperationRow) =>
  (await rig.db.pool.query("SELECT id FROM events WHERE operation_id = $1", [id])).rowCount;

describe("steps that share a transaction", () => {
  it("commit together, each with its state and its events, which are given out in order", async () => {
    const members = [await aMember(writing(1)), await aMember(writing(2))];
    const { kinds, results } = await share(members);
    expect(kinds).toEqual(["saved", "saved"]);
    expect(results.get(members[0] as Member)).toMatchObject({ result: { kind: "saved", version: 1 } });
    expect(await notes()).toEqual([1, 2]);
    expect(await Promise.all(members.map(({ row }) => versionOf(row)))).toEqual([1, 1]);
    expect(await Promise.all(members.map(({ row }) => eventsOf(row)))).toEqual([1, 1]);
    expect(rig.owned.publisher.numbers.takeDecided(10).map(({ operationId }) => operationId)).toEqual(
      members.map(({ row }) => row.id),
    );
  });

  it("leave out one that is refused: nothing of it stays, and the others commit", async () => {
    const half = async (client: TransactionClient) => {
      await writing(2)(client);
      return refused("out-of-stock");
    };
    const members = [await aMember(writing(1)), await aMember(half), await aMember(writing(3))];
    const { kinds } = await share(members);
    expect(kinds).toEqual(["saved", "not-done", "saved"]);
    expect(await notes()).toEqual([1, 3]);
  });

  it("leave out one whose statement failed, and go on after it", async () => {
    const failing = async (client: TransactionClient) => {
      await client.query("SELECT 1 / 0").catch(() => undefined);
      return refused("database-22012");
    };
    const { kinds } = await share([await aMember(failing), await aMember(writing(2))]);
    expect(kinds).toEqual(["not-done", "saved"]);
    expect(await notes()).toEqual([2]);
  });

  it("don't count a refusal that rests on what another one of them wrote, when that doesn't commit", async () => {
    const seesTheFirst = async (client: TransactionClient) => {
      const { rowCount } = await client.query("SELECT 1 FROM notes WHERE id = 1");
      return rowCount === 1 ? refused("taken") : done;
    };
    const outdated = await rig.admitted();
    const members = [await aMember(writing(1), { ...outdated, version: 7 }), await aMember(seesTheFirst)];
    const { kinds } = await share(members);
    expect(kinds).toEqual(["unknown", "unknown"]);
    expect(await notes()).toEqual([]);
    expect(rig.owned.publisher.numbers.undecided).toBe(0);
    expect(rig.owned.publisher.numbers.takeDecided(10)).toEqual([]);
  });

  it("say nothing of one that may pass by itself, and tell that it met a lock", async () => {
    const { kinds, conflicted } = await share([
      await aMember(writing(1)),
      await aMember(async () => failedBy("55P03")),
    ]);
    expect([kinds, conflicted]).toEqual([["saved", "unknown"], true]);
    expect(await notes()).toEqual([1]);
  });

  it("don't wait for a row that somebody else holds, since they hold rows themselves", async () => {
    await rig.db.pool.query("INSERT INTO notes VALUES (1, 'x')");
    await using _ = await holding(rig.db, "UPDATE notes SET text = 'y' WHERE id = 1");
    const waits = async (client: TransactionClient) => {
      const failed = await sqlStateFrom(client.query("UPDATE notes SET text = 'z' WHERE id = 1"));
      return failed === "55P03" ? failedBy(failed) : done;
    };
    const { kinds, conflicted } = await share([await aMember(writing(2)), await aMember(waits)]);
    expect([kinds, conflicted]).toEqual([["saved", "unknown"], true]);
    expect(await notes()).toEqual([1, 2]);
  });

  it("are given up together when one takes longer than the others can wait, and its connection is not used again", async () => {
    const hangs = async () => new Promise<PerformedStep>(() => undefined);
    const startedAtMs = performance.now();
    const { kinds, tooSlow } = await share([await aMember(writing(1)), await aMember(hangs)]);
    expect([kinds, tooSlow]).toEqual([["unknown", "unknown"], true]);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(memberMaxMs - 10);
    expect(await notes()).toEqual([]);
  });

  it("save nothing when another owner has the partition", async () => {
    const members = [await aMember(writing(1)), await aMember(writing(2))];
    await rig.own("another");
    expect((await share(members)).kinds).toEqual(["unknown", "unknown"]);
    expect(await notes()).toEqual([]);
    expect(await Promise.all(members.map(({ row }) => versionOf(row)))).toEqual([0, 0]);
  });

  it("save nothing when COMMIT refuses what one of them did", async () => {
    const twice = async (client: TransactionClient) => {
      await client.query("INSERT INTO late VALUES (1), (1)");
      return done;
    };
    const { kinds } = await share([await aMember(writing(1)), await aMember(twice)]);
    expect(kinds).toEqual(["unknown", "unknown"]);
    expect(await notes()).toEqual([]);
  });

  it("find out from their rows what came of a COMMIT whose answer was lost", async () => {
    const members = [await aMember(writing(1)), await aMember(writing(2))];
    const { results } = await share(members, { on: losingTheAnswerToCommit(rig.db) });
    expect(members.map((member) => results.get(member))).toEqual([
      expect.objectContaining({ kind: "saved", result: expect.objectContaining({ kind: "saved", version: 1 }) }),
      expect.objectContaining({ kind: "saved", result: expect.objectContaining({ kind: "saved", version: 1 }) }),
    ]);
    expect(await notes()).toEqual([1, 2]);
    expect(rig.owned.publisher.numbers.takeDecided(10)).toHaveLength(2);
  });
});
