import {
  acquirePartitions,
  admitCommands,
  type Database,
  loadOperation,
  type OperationRow,
  openDatabase,
  type TransactionClient,
} from "@postback/database";
import { newId, type OperationState } from "@postback/domain";
import type { PerformedStep } from "@postback/operations";
import { createTestDatabase, type TestDatabase } from "@postback/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OwnedPartition, Positions } from "../own/owned-partition.ts";
import { EventNumbers } from "../publish/event-numbers.ts";
import type { CheckpointRequest } from "./checkpoint-request.ts";
import { PipeWidth } from "./pipe-width.ts";
import { type Member, memberMaxMs, performShared } from "./shared-transaction.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} } as never;
const done: PerformedStep = { outcome: { kind: "done" }, emitted: [], abandoned: false, interrupted: false };
const refused = (code: string): PerformedStep => ({
  ...done,
  outcome: { kind: "permanent", error: { code, message: code }, effect: "none" },
});
const lockTimedOut: PerformedStep = {
  ...done,
  outcome: { kind: "transient", error: { code: "database-55p03", message: "" }, effect: "none" },
};
const state: OperationState = { status: "running", step: "next", steps: [], deadlineAt: new Date(0) };

let database: TestDatabase;
let db: Database;
let owned: OwnedPartition;
let partition = 0;

const own = async (owner: string): Promise<OwnedPartition> => {
  const [acquired] = await acquirePartitions(db, owner, [partition], new Map());
  const epoch = acquired?.epoch ?? 0n;
  const publisher = { numbers: new EventNumbers(epoch), kick() {} };
  const parts = { partition, epoch, lost: new AbortController(), positions: new Positions(epoch), publisher };
  return parts as unknown as OwnedPartition;
};

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, applicationName: "shared-transaction", logger });
  await db.pool.query("CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL)");
  await db.pool.query("CREATE TABLE late (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED)");
});
beforeEach(async () => {
  partition += 1;
  owned = await own("me");
  await db.pool.query("TRUNCATE notes, late");
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

interface Given {
  perform(client: TransactionClient): Promise<PerformedStep>;
  row?: OperationRow;
}

async function admitted(): Promise<OperationRow> {
  const [tenantId, id] = [newId(), newId()];
  const command = {
    ...{ tenantId, id, type: "note.write", revision: 1, entityType: "note", entityId: id, partition, logOffset: 1 },
    ...{ hash: "h", input: "{}", acceptedAtMs: Date.now(), steps: [], position: owned.positions.next().toString() },
  };
  await admitCommands(db, { partition, epoch: owned.epoch }, [command]);
  const row = await loadOperation(db, tenantId, id);
  if (!row) throw new Error("the operation was not admitted");
  return row;
}

/** A member that tells an event of its own, so that numbers are drawn. */
async function aMember({ perform, row }: Given): Promise<Member & { row: OperationRow }> {
  const of = row ?? (await admitted());
  const emitted = [{ type: "note.written", data: {} }];
  return { row: of, perform, checkpoint: (): CheckpointRequest => ({ owned, row: of, state, emitted }) };
}

const writing = (id: number) => async (client: TransactionClient) => {
  await client.query("INSERT INTO notes VALUES ($1, 'x')", [id]);
  return done;
};

async function share(members: readonly Member[], on: Database = db) {
  const left = [...members];
  const shared = await performShared(on, () => left.shift(), new PipeWidth(32), logger);
  return { ...shared, kinds: members.map((member) => shared.results.get(member)?.kind) };
}

const notes = async () =>
  (await db.pool.query<{ id: number }>("SELECT id FROM notes ORDER BY id")).rows.map(({ id }) => id);
const versionOf = async ({ tenantId, id }: OperationRow) => (await loadOperation(db, tenantId, id))?.version;
const eventsOf = async ({ id }: OperationRow) =>
  (await db.pool.query("SELECT id FROM events WHERE operation_id = $1", [id])).rowCount;

describe("steps that share a transaction", () => {
  it("commit together, each with its state and its events, which are given out in order", async () => {
    const members = [await aMember({ perform: writing(1) }), await aMember({ perform: writing(2) })];
    const { kinds, results } = await share(members);
    expect(kinds).toEqual(["saved", "saved"]);
    expect(results.get(members[0] as Member)).toMatchObject({ result: { kind: "saved", version: 1 } });
    expect(await notes()).toEqual([1, 2]);
    expect(await Promise.all(members.map(({ row }) => versionOf(row)))).toEqual([1, 1]);
    expect(await Promise.all(members.map(({ row }) => eventsOf(row)))).toEqual([1, 1]);
    expect(owned.publisher.numbers.takeDecided(10).map(({ operationId }) => operationId)).toEqual(
      members.map(({ row }) => row.id),
    );
  });

  it("leave out one that is refused: nothing of it stays, and the others commit", async () => {
    const half = async (client: TransactionClient) => {
      await writing(2)(client);
      return refused("out-of-stock");
    };
    const members = [
      await aMember({ perform: writing(1) }),
      await aMember({ perform: half }),
      await aMember({ perform: writing(3) }),
    ];
    const { kinds } = await share(members);
    expect(kinds).toEqual(["saved", "not-done", "saved"]);
    expect(await notes()).toEqual([1, 3]);
  });

  it("leave out one whose statement failed, and go on after it", async () => {
    const failing = async (client: TransactionClient) => {
      await client.query("SELECT 1 / 0").catch(() => undefined);
      return refused("database-22012");
    };
    const { kinds } = await share([await aMember({ perform: failing }), await aMember({ perform: writing(2) })]);
    expect(kinds).toEqual(["not-done", "saved"]);
    expect(await notes()).toEqual([2]);
  });

  it("don't count a refusal that rests on what another one of them wrote, when that doesn't commit", async () => {
    const seesTheFirst = async (client: TransactionClient) => {
      const { rowCount } = await client.query("SELECT 1 FROM notes WHERE id = 1");
      return rowCount === 1 ? refused("taken") : done;
    };
    const outdated = await admitted();
    const members = [
      await aMember({ perform: writing(1), row: { ...outdated, version: 7 } }),
      await aMember({ perform: seesTheFirst }),
    ];
    const { kinds } = await share(members);
    expect(kinds).toEqual(["unknown", "unknown"]);
    expect(await notes()).toEqual([]);
    expect(owned.publisher.numbers.undecided).toBe(0);
    expect(owned.publisher.numbers.takeDecided(10)).toEqual([]);
  });

  it("say nothing of one that may pass by itself, and tell that it met a lock", async () => {
    const { kinds, conflicted } = await share([
      await aMember({ perform: writing(1) }),
      await aMember({ perform: async () => lockTimedOut }),
    ]);
    expect([kinds, conflicted]).toEqual([["saved", "unknown"], true]);
    expect(await notes()).toEqual([1]);
  });

  it("don't wait for a row that somebody else holds, since they hold rows themselves", async () => {
    await db.pool.query("INSERT INTO notes VALUES (1, 'x')");
    const other = await db.pool.connect();
    await other.query("BEGIN; UPDATE notes SET text = 'y' WHERE id = 1");
    const waits = async (client: TransactionClient) => {
      const failed = await client.query("UPDATE notes SET text = 'z' WHERE id = 1").then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      return failed === "55P03" ? lockTimedOut : done;
    };
    const { kinds, conflicted } = await share([
      await aMember({ perform: writing(2) }),
      await aMember({ perform: waits }),
    ]);
    await other.query("ROLLBACK");
    other.release();
    expect([kinds, conflicted]).toEqual([["saved", "unknown"], true]);
    expect(await notes()).toEqual([1, 2]);
  });

  it("are given up together when one takes longer than the others can wait, and its connection is not used again", async () => {
    const hangs = async () => new Promise<PerformedStep>(() => undefined);
    const startedAtMs = performance.now();
    const { kinds, tooSlow } = await share([await aMember({ perform: writing(1) }), await aMember({ perform: hangs })]);
    expect([kinds, tooSlow]).toEqual([["unknown", "unknown"], true]);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(memberMaxMs - 10);
    expect(await notes()).toEqual([]);
  });

  it("save nothing when another owner has the partition", async () => {
    const members = [await aMember({ perform: writing(1) }), await aMember({ perform: writing(2) })];
    await own("another");
    expect((await share(members)).kinds).toEqual(["unknown", "unknown"]);
    expect(await notes()).toEqual([]);
    expect(await Promise.all(members.map(({ row }) => versionOf(row)))).toEqual([0, 0]);
  });

  it("save nothing when COMMIT refuses what one of them did", async () => {
    const twice = async (client: TransactionClient) => {
      await client.query("INSERT INTO late VALUES (1), (1)");
      return done;
    };
    const { kinds } = await share([await aMember({ perform: writing(1) }), await aMember({ perform: twice })]);
    expect(kinds).toEqual(["unknown", "unknown"]);
    expect(await notes()).toEqual([]);
  });

  it("find out from their rows what came of a COMMIT whose answer was lost", async () => {
    const members = [await aMember({ perform: writing(1) }), await aMember({ perform: writing(2) })];
    const left = [...members];
    const lossy = losingTheAnswerToCommit(db);
    const { results } = await performShared(lossy, () => left.shift(), new PipeWidth(32), logger);
    expect(members.map((member) => results.get(member))).toEqual([
      expect.objectContaining({ kind: "saved", result: expect.objectContaining({ kind: "saved", version: 1 }) }),
      expect.objectContaining({ kind: "saved", result: expect.objectContaining({ kind: "saved", version: 1 }) }),
    ]);
    expect(await notes()).toEqual([1, 2]);
    expect(owned.publisher.numbers.takeDecided(10)).toHaveLength(2);
  });
});

/** The same database, over connections that break when the server has answered COMMIT, before anybody reads it. */
function losingTheAnswerToCommit(of: Database): Database {
  const connect = async () => {
    const client = await of.pool.connect();
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const losing = async (...args: unknown[]) => {
      const answer = await query(...args);
      if (args[0] === "COMMIT") throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      return answer;
    };
    return Object.assign(Object.create(client), { query: losing, release: client.release.bind(client) });
  };
  const pool = { connect, query: of.pool.query.bind(of.pool) };
  return { ...of, pool: pool as unknown as Database["pool"] };
}
