import {
  acquirePartitions,
  admitCommands,
  type Database,
  loadOperation,
  type OperationRow,
  openDatabase,
} from "@postback/database";
import { newId, type OperationState } from "@postback/domain";
import type { PerformedStep } from "@postback/operations";
import { createTestDatabase } from "@postback/testkit";
import { beforeAll, beforeEach } from "vitest";
import { type OwnedPartition, Positions } from "../own/owned-partition.ts";
import { EventNumbers } from "../publish/event-numbers.ts";
import { PipeWidth } from "./pipe-width.ts";
import { type Member, performShared } from "./shared-transaction.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} } as never;

export const done: PerformedStep = { outcome: { kind: "done" }, emitted: [], abandoned: false, interrupted: false };
export const refused = (code = "no"): PerformedStep => ({
  ...done,
  outcome: { kind: "permanent", error: { code, message: code }, effect: "none" },
});
export const failedBy = (sqlState: string): PerformedStep => {
  const error = { code: `database-${sqlState.toLowerCase()}`, message: "" };
  return { ...done, outcome: { kind: "transient", error, effect: "none" } };
};

export type TestMember = Member & { readonly row: OperationRow };

/** A migrated database and an owned partition, for members of shared transactions. */
export interface SharingRig {
  readonly db: Database;
  readonly owned: OwnedPartition;
  /** Takes the test's partition, from whoever has it. */
  own(owner: string): Promise<OwnedPartition>;
  admitted(): Promise<OperationRow>;
  /** A member that tells an event of its own, so that numbers are drawn. */
  member(perform: Member["perform"], row?: OperationRow): Promise<TestMember>;
  /** Shares one transaction among them, and says in their order what came of each. */
  share(members: readonly Member[], options?: { on?: Database; width?: PipeWidth }): Promise<Shared>;
}

type Shared = Awaited<ReturnType<typeof performShared>> & { readonly kinds: readonly (string | undefined)[] };

/** Call it once, at the top of a test file. @param tables what the members work on; emptied before each test */
export function useSharing(tables: Readonly<Record<string, string>>): SharingRig {
  let db: Database | undefined;
  let owned: OwnedPartition | undefined;
  let partition = 0;
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("it is there from beforeEach on");
    return value;
  };
  const own = async (owner: string): Promise<OwnedPartition> => {
    const [acquired] = await acquirePartitions(known(db), owner, [partition], new Map());
    const epoch = acquired?.epoch ?? 0n;
    const publisher = { numbers: new EventNumbers(epoch), kick() {} };
    const parts = { partition, epoch, lost: new AbortController(), positions: new Positions(epoch), publisher };
    return parts as unknown as OwnedPartition;
  };
  beforeAll(async () => {
    const database = await createTestDatabase();
    const opened = openDatabase({ url: database.url, applicationName: "sharing", logger: quiet });
    db = opened;
    for (const [name, columns] of Object.entries(tables)) await db.pool.query(`CREATE TABLE ${name} (${columns})`);
    return async () => {
      await opened.close();
      await database.drop();
    };
  });
  beforeEach(async () => {
    partition += 1;
    owned = await own("me");
    await known(db).pool.query(`TRUNCATE ${Object.keys(tables).join(", ")}`);
  });
  const admitted = () => admit(known(db), known(owned));
  return {
    get db() {
      return known(db);
    },
    get owned() {
      return known(owned);
    },
    own,
    admitted,
    member: async (perform, row) => memberOf(known(owned), row ?? (await admitted()), perform),
    share: async (members, { on = known(db), width = new PipeWidth(32) } = {}) => {
      const left = [...members];
      const shared = await performShared(on, () => left.shift(), width, quiet);
      return { ...shared, kinds: members.map((member) => shared.results.get(member)?.kind) };
    },
  };
}

async function admit(db: Database, owned: OwnedPartition): Promise<OperationRow> {
  const [tenantId, id] = [newId(), newId()];
  const { partition, epoch } = owned;
  const command = {
    ...{ tenantId, id, type: "note.write", revision: 1, entityType: "note", entityId: id, partition, logOffset: 1 },
    ...{ hash: "h", input: "{}", acceptedAtMs: Date.now(), steps: [], position: owned.positions.next().toString() },
  };
  await admitCommands(db, { partition, epoch }, [command]);
  const row = await loadOperation(db, tenantId, id);
  if (!row) throw new Error("the operation was not admitted");
  return row;
}

function memberOf(owned: OwnedPartition, row: OperationRow, perform: Member["perform"]): TestMember {
  const state: OperationState = { status: "running", step: "next", steps: [], deadlineAt: new Date(0) };
  const emitted = [{ type: "note.written", data: {} }];
  return { row, perform, checkpoint: () => ({ owned, row, state, emitted }) };
}

/** What went to the server on the connections of a database that is made for looking. */
export interface Sent {
  /** Text or name of each statement, in order. */
  readonly statements: string[];
  /** How many statements had been asked at the end of each write. */
  readonly writes: number[];
}

interface Socket {
  _write(...args: unknown[]): void;
  _writev(...args: unknown[]): void;
}

/** The same database, over connections of which each statement and each write (a system call) is noted. */
export function recorded(of: Database): { db: Database; sent: Sent } {
  const sent: Sent = { statements: [], writes: [] };
  const connect = async () => {
    const client = await of.pool.connect();
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    let isOver = false;
    for (const write of ["_write", "_writev"] as const) {
      const writing = stream[write].bind(stream);
      stream[write] = (...args) => {
        if (!isOver) sent.writes.push(sent.statements.length);
        writing(...args);
      };
    }
    const query = (asked: string | { name?: string; text: string }, ...more: unknown[]) => {
      sent.statements.push(typeof asked === "string" ? asked : asked.text);
      return Reflect.apply(client.query, client, [asked, ...more]);
    };
    const release = () => {
      isOver = true;
      // Never used again: its socket is not what it was.
      client.release(true);
    };
    return Object.assign(Object.create(client), { query, release });
  };
  return { db: { ...of, pool: { connect } as unknown as Database["pool"] }, sent };
}

/** The same database, over connections that break when the server has answered COMMIT, before anybody reads it. */
export function losingTheAnswerToCommit(of: Database): Database {
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

/** Holds a row in a transaction of its own until it is told to let go. */
export async function holding(db: Database, statement: string): Promise<AsyncDisposable> {
  const other = await db.pool.connect();
  await other.query("BEGIN");
  await other.query(statement);
  return {
    async [Symbol.asyncDispose]() {
      await other.query("ROLLBACK");
      other.release();
    },
  };
}

/** What a statement failed with; undefined where it didn't. */
export const sqlStateFrom = (answer: Promise<unknown>): Promise<string | undefined> =>
  answer.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );
