import type { Duplex } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { endBackend } from "./end-backend.ts";
import type { Queryable } from "./statement.ts";
import { useDatabase } from "./test-rig.ts";
import { AmbiguousOutcome, inOneStatement, inTransaction, transact } from "./transaction.ts";

const rig = useDatabase();
const gate = 4711;

beforeAll(async () => {
  await rig.query(`
    CREATE TABLE marks (name text PRIMARY KEY);
    CREATE TABLE held (name text);
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(${gate}); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER held_at_commit AFTER INSERT ON held DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
    CREATE TABLE checked (mark text REFERENCES marks DEFERRABLE INITIALLY DEFERRED);`);
});

const marksOf = async (...names: string[]) =>
  (await rig.query<{ name: string }>("SELECT name FROM marks WHERE name = ANY($1) ORDER BY name", [names])).map(
    (r) => r.name,
  );

/** A pool of one connection: whatever was left of a transaction would show in the next. */
const onePool = () => rig.open({ poolMax: 1 });
const pidOf = async (db: ReturnType<typeof onePool>) =>
  (await db.pool.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid;

/** The session that waits at COMMIT. */
async function waitingPid(): Promise<number> {
  await rig.untilWaiting(1);
  const [row] = await rig.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory' AND query = 'COMMIT'",
  );
  if (!row) throw new Error("nobody waits at COMMIT");
  return row.pid;
}

/** The server goes on with what it was sent and doesn't hear that nobody listens. */
function cutCable(client: object): void {
  (client as { connection: { stream: Duplex } }).connection.stream.destroy();
}

/** What went wrong, with the promise looked at from the start. */
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => {
      throw new Error(`it succeeded with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );

describe("a transaction", () => {
  it("commits what its work did, and gives the work's value", async () => {
    const value = await inTransaction(rig.db, async (client) => {
      await client.query("INSERT INTO marks VALUES ('committed')");
      expect(await marksOf("committed")).toEqual([]);
      return 42;
    });
    expect(value).toBe(42);
    expect(await marksOf("committed")).toEqual(["committed"]);
  });

  it("is rolled back when its work throws, fails with that very error, and leaves a clean connection", async () => {
    const db = onePool();
    const pid = await pidOf(db);
    const refusal = new Error("too little stock");
    const failure = await failureOf(
      inTransaction(db, async (client) => {
        await client.query("INSERT INTO marks VALUES ('thrown')");
        throw refusal;
      }),
    );
    expect(failure).toBe(refusal);
    expect(await marksOf("thrown")).toEqual([]);
    await db.pool.query("INSERT INTO marks VALUES ('after thrown')");
    expect(await marksOf("after thrown")).toEqual(["after thrown"]);
    expect(await pidOf(db)).toBe(pid);
  });

  it("is rolled back when its work says so, and still gives the value", async () => {
    const value = await transact(rig.db, async (client) => {
      await client.query("INSERT INTO marks VALUES ('rolled back')");
      return { value: "no", end: "rollback" };
    });
    expect(value).toBe("no");
    expect(await marksOf("rolled back")).toEqual([]);
  });

  it("that is discarded takes no effect, and its connection is never used again", async () => {
    const db = onePool();
    const pid = await pidOf(db);
    const value = await transact(db, async (client) => {
      await client.query("INSERT INTO marks VALUES ('discarded')");
      return { value: "abandoned", end: "discard" };
    });
    expect(value).toBe("abandoned");
    expect(await pidOf(db)).not.toBe(pid);
    expect(await marksOf("discarded")).toEqual([]);
  });

  it("is not taken for committed when a statement failed and its work said nothing of it", async () => {
    const db = onePool();
    const failure = await failureOf(
      inTransaction(db, async (client) => {
        await client.query("INSERT INTO marks VALUES ('swallowed')");
        await expect(client.query("SELECT 1 / 0")).rejects.toThrow("division by zero");
      }),
    );
    expect(failure).toMatchObject({ message: expect.stringMatching(/COMMIT rolled it back/) });
    expect(failure).not.toBeInstanceOf(AmbiguousOutcome);
    expect(await marksOf("swallowed")).toEqual([]);
    await db.pool.query("INSERT INTO marks VALUES ('after swallowed')");
    expect(await marksOf("after swallowed")).toEqual(["after swallowed"]);
  });

  it("that a deferred constraint refuses at COMMIT fails with that refusal: it is known to have no effect", async () => {
    const db = onePool();
    const pid = await pidOf(db);
    const failure = await failureOf(
      inTransaction(db, async (client) => {
        await client.query("INSERT INTO marks VALUES ('refused')");
        await client.query("INSERT INTO checked VALUES ('nobody')");
      }),
    );
    expect(failure).toMatchObject({ code: "23503" });
    expect(await marksOf("refused")).toEqual([]);
    expect(await pidOf(db)).toBe(pid);
  });

  it("fails with its work's own error when its connection was lost before COMMIT", async () => {
    const db = onePool();
    const refusal = new Error("the payment was declined");
    const failure = await failureOf(
      inTransaction(db, async (client) => {
        const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        await rig.query("SELECT pg_terminate_backend($1, 5000)", [rows[0]?.pid]);
        throw refusal;
      }),
    );
    expect(failure).toBe(refusal);
    expect(await pidOf(db)).toEqual(expect.any(Number));
  });

  it("is ambiguous when its connection was lost at COMMIT, and names the server process", async () => {
    const db = onePool();
    const holder = await rig.connect();
    await holder.query("SELECT pg_advisory_lock($1)", [gate]);
    const failing = failureOf(inTransaction(db, (client) => client.query("INSERT INTO held VALUES ('lost')")));
    const pid = await waitingPid();
    await rig.query("SELECT pg_terminate_backend($1)", [pid]);
    const failure = await failing;
    await holder.query("SELECT pg_advisory_unlock($1)", [gate]);
    expect(failure).toBeInstanceOf(AmbiguousOutcome);
    expect(failure).toMatchObject({
      backendPid: pid,
      code: "AMBIGUOUS_OUTCOME",
      retryable: true,
      cause: { code: "57P01" },
    });
    expect(await pidOf(db)).not.toBe(pid);
  });

  it("that was sent and never answered takes no effect any more once its backend was ended", async () => {
    const holder = await rig.connect();
    await holder.query("SELECT pg_advisory_lock($1)", [gate]);
    const db = onePool();
    const failing = failureOf(
      inTransaction(db, async (client) => {
        await client.query("INSERT INTO held VALUES ('cut off')");
        void waitingPid().then(() => cutCable(client));
      }),
    );
    const failure = await failing;
    if (!(failure instanceof AmbiguousOutcome)) throw failure;
    const { backendPid } = failure;
    expect(backendPid).toBe(await waitingPid());
    await endBackend(rig.db, backendPid ?? 0);
    await holder.query("SELECT pg_advisory_unlock($1)", [gate]);
    expect(await rig.query("SELECT pid FROM pg_stat_activity WHERE pid = $1", [backendPid])).toEqual([]);
    expect(await rig.query("SELECT FROM held WHERE name = 'cut off'")).toEqual([]);
  });
});

describe("a transaction with a last statement that is sent together with COMMIT", () => {
  const insert = (client: Queryable, name: string) => client.query("INSERT INTO marks VALUES ($1)", [name]);

  it("commits both, and gives the statement's value", async () => {
    const value = await transact(rig.db, async (client) => {
      await insert(client, "before-last");
      return { end: "commit-with", lastly: async () => (await insert(client, "last")).rowCount };
    });
    expect(value).toBe(1);
    expect(await marksOf("before-last", "last")).toEqual(["before-last", "last"]);
  });

  it("commits nothing when the server refuses the statement, fails with that refusal, and leaves a clean connection", async () => {
    await insert(rig.db.pool, "taken");
    const db = onePool();
    const pid = await pidOf(db);
    const refused = transact(db, async (client) => {
      await insert(client, "with-refused");
      return { end: "commit-with", lastly: () => insert(client, "taken") };
    });
    await expect(refused).rejects.toMatchObject({ code: "23505" });
    expect(await marksOf("with-refused")).toEqual([]);
    expect(await pidOf(db)).toBe(pid);
  });

  it("is ambiguous when its connection was lost meanwhile", async () => {
    const holder = await rig.connect();
    await holder.query("SELECT pg_advisory_lock($1)", [gate]);
    const failing = failureOf(
      transact(onePool(), async (client) => ({
        end: "commit-with",
        lastly: () => client.query("INSERT INTO held VALUES ('lost-last')"),
      })),
    );
    const pid = await waitingPid();
    await rig.query("SELECT pg_terminate_backend($1)", [pid]);
    const failure = await failing;
    await holder.query("SELECT pg_advisory_unlock($1)", [gate]);
    expect(failure).toBeInstanceOf(AmbiguousOutcome);
    expect(failure).toMatchObject({ backendPid: pid });
  });
});

describe("one statement", () => {
  it("takes effect by itself", async () => {
    const { rowCount } = await inOneStatement(rig.db, (client) => client.query("INSERT INTO marks VALUES ('alone')"));
    expect(rowCount).toBe(1);
    expect(await marksOf("alone")).toEqual(["alone"]);
  });

  it("that the server refuses fails with the server's error, on a connection that lives on", async () => {
    const db = onePool();
    const pid = await pidOf(db);
    const failure = await failureOf(inOneStatement(db, (client) => client.query("INSERT INTO marks VALUES (NULL)")));
    expect(failure).toMatchObject({ code: "23502" });
    expect(await pidOf(db)).toBe(pid);
  });

  it("is ambiguous when its connection was lost, and names the server process", async () => {
    const db = onePool();
    const pid = await pidOf(db);
    const holder = await rig.connect();
    await holder.query("SELECT pg_advisory_lock($1)", [gate]);
    const failing = failureOf(inOneStatement(db, (client) => client.query("INSERT INTO held VALUES ('lost alone')")));
    await rig.untilWaiting(1);
    await rig.query("SELECT pg_terminate_backend($1)", [pid]);
    const failure = await failing;
    await holder.query("SELECT pg_advisory_unlock($1)", [gate]);
    expect(failure).toBeInstanceOf(AmbiguousOutcome);
    expect(failure).toMatchObject({ backendPid: pid });
    expect(await pidOf(db)).not.toBe(pid);
  });
});

describe("ending a backend", () => {
  it("is done at once when it has ended already", async () => {
    const other = await rig.connect();
    const { rows } = await other.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const pid = rows[0]?.pid ?? 0;
    await rig.query("SELECT pg_terminate_backend($1, 5000)", [pid]);
    await endBackend(rig.db, pid);
  });

  it("leaves a process alone that isn't of this application, which may have got the number since", async () => {
    const other = await rig.connect();
    const { rows } = await other.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    await endBackend(rig.db, rows[0]?.pid ?? 0);
    expect((await other.query("SELECT 1 AS alive")).rows).toEqual([{ alive: 1 }]);
  });
});
