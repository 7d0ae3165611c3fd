import { createTestDatabase, eventually, failureLogs } from "@postback/testkit";
import pg from "pg";
import { beforeAll, expect } from "vitest";
import { type Database, openDatabase } from "./open-database.ts";

/** A migrated database of its own for a test file, and ways to look at it past the functions under test. */
export interface TestRig {
  readonly db: Database;
  readonly url: string;
  query<R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** A connection of its own, as another process has it; it is ended after the file's tests. */
  connect(): Promise<pg.Client>;
  /** A pool of its own, as another process has it; it is closed after the file's tests. */
  open(options?: { poolMax?: number }): Database;
  /** Resolves when so many sessions of this database wait for a lock. */
  untilWaiting(sessions: number): Promise<void>;
}

/** Call it once, at the top of a test file. */
export function useDatabase(): TestRig {
  const logs = failureLogs();
  const closing: (() => Promise<unknown>)[] = [];
  let url: string | undefined;
  let db: Database | undefined;
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the test database is there from beforeAll on");
    return value;
  };
  const open = ({ poolMax = 10 } = {}): Database => {
    const logger = {
      warn: (fields: object, name: string) => logs.write("database", `${name} ${JSON.stringify(fields)}\n`),
    };
    const opened = openDatabase({ url: known(url), applicationName: "database-test", poolMax, logger });
    closing.push(opened.close);
    return opened;
  };
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: known(url), application_name: "database-test-other" });
    client.on("error", (error) => logs.write("other connection", `${error.message}\n`));
    await client.connect();
    closing.push(() => client.end());
    return client;
  };
  beforeAll(async () => {
    const database = await createTestDatabase();
    url = database.url;
    db = open();
    return async () => {
      await Promise.all(closing.map((close) => close()));
      await database.drop();
    };
  });
  const query = async <R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<R[]> =>
    (await known(db).pool.query<R>(sql, [...values])).rows;
  const untilWaiting = (sessions: number) =>
    eventually(
      async () => {
        const [row] = await query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(row?.waiting).toBe(sessions);
      },
      { intervalMs: 5, timeoutMs: 5_000 },
    );
  return {
    get db() {
      return known(db);
    },
    get url() {
      return known(url);
    },
    query,
    connect,
    open,
    untilWaiting,
  };
}
