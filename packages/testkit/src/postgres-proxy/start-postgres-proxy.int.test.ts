import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTestDatabase, eventually } from "../index.ts";
import type { Interference } from "./proxied-connection.ts";
import { AtBoundary, type PostgresProxy, startPostgresProxy } from "./start-postgres-proxy.ts";

const opened = new AsyncDisposableStack();
let direct: pg.Pool;
let proxied: pg.Pool;
let proxy: PostgresProxy;

beforeAll(async () => {
  const database = opened.use(await createTestDatabase({ migrated: false }));
  proxy = opened.use(await startPostgresProxy(database.url));
  direct = new pg.Pool({ connectionString: database.url, max: 2 });
  proxied = new pg.Pool({ connectionString: proxy.url, max: 2, pipeline: true, application_name: "proxied" });
  opened.defer(() => Promise.all([direct.end(), proxied.end()]).then(() => undefined));
  proxied.on("error", () => {
    // A connection that a test cut while it was idle: the next statement makes a new one.
  });
  proxied.on("connect", (client) => client.on("error", () => undefined));
  await direct.query("create table notes (n integer primary key deferrable initially deferred)");
});
afterEach(async () => {
  proxy.intercept(undefined);
  await direct.query("truncate notes");
});
afterAll(() => opened.disposeAsync());

/** Interferes at the n-th boundary from now on. */
function arm(number: number, interference: Interference): AtBoundary {
  const armed = new AtBoundary(number, interference);
  proxy.intercept(armed.decide);
  return armed;
}

const watch = (): AtBoundary => arm(Number.POSITIVE_INFINITY, {});
const cut = () => "cut" as const;
const noted = async (): Promise<number[]> =>
  (await direct.query<{ n: number }>("select n from notes order by n")).rows.map(({ n }) => n);
const note = (n: number) => ({ name: "note", text: "insert into notes values ($1)", values: [n] });

/** A transaction whose last statement goes to the server together with COMMIT. */
async function transaction(...notes: readonly number[]): Promise<void> {
  const client = await proxied.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const sent = await Promise.allSettled([...notes.map((n) => client.query(note(n))), client.query("COMMIT")]);
    const failed = sent.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

test("passes what it doesn't interfere with: large rows, prepared statements, errors, transactions", async () => {
  const seen = watch();
  const { rows } = await proxied.query("select repeat('x', 1000000) as x, $1::integer as n", [7]);
  expect([rows[0]?.x.length, rows[0]?.n]).toEqual([1_000_000, 7]);
  await transaction(1, 2);
  await proxied.query(note(3));
  await expect(proxied.query("select 1/0")).rejects.toMatchObject({ code: "22012" });
  await expect(transaction(3)).rejects.toMatchObject({ code: "23505" });
  expect(await noted()).toEqual([1, 2, 3]);
  expect(seen.seen.map(({ statement }) => statement)).toEqual(["COMMIT", "note", "COMMIT"]);
  expect(new Set(seen.seen.map(({ applicationName }) => applicationName))).toEqual(new Set(["proxied"]));
});

test("a cut before COMMIT leaves nothing of the transaction, and the client has no answer", async () => {
  const armed = arm(2, { before: cut });
  await transaction(1);
  await expect(transaction(2, 3)).rejects.toThrow();
  await transaction(4);
  await eventually(async () => expect(await noted()).toEqual([1, 4]));
  expect(armed.met).toEqual({ statement: "COMMIT", applicationName: "proxied" });
  expect(armed.seen).toHaveLength(3);
});

test("a cut after COMMIT leaves all of the transaction, and the client has no answer", async () => {
  arm(2, { after: cut });
  await transaction(1);
  await expect(transaction(2, 3)).rejects.toThrow();
  expect(await noted()).toEqual([1, 2, 3]);
});

test("a statement that is a transaction by itself is cut before and after alike", async () => {
  arm(1, { before: cut });
  await expect(proxied.query(note(1))).rejects.toThrow();
  expect(await noted()).toEqual([]);
  arm(1, { after: cut });
  await expect(proxied.query(note(2))).rejects.toThrow();
  expect(await noted()).toEqual([2]);
});

test("a boundary can be held: before it nothing is durable, after it all is, and then the answer comes", async () => {
  const stops = { before: Promise.withResolvers<"pass">(), after: Promise.withResolvers<"pass">() };
  const armed = arm(1, { before: () => stops.before.promise, after: () => stops.after.promise });
  const written = transaction(1);
  await eventually(() => expect(armed.met).toBeDefined());
  expect(await noted()).toEqual([]);
  stops.before.resolve("pass");
  await eventually(async () => expect(await noted()).toEqual([1]));
  expect(await Promise.race([written, "no answer yet"])).toBe("no answer yet");
  stops.after.resolve("pass");
  await written;
});

test("a transaction that is cut while it is held is gone from the server", async () => {
  const client = await proxied.connect();
  await client.query("BEGIN");
  await client.query(note(1));
  const pid = (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
  arm(1, { before: cut });
  await expect(client.query("COMMIT")).rejects.toThrow();
  client.release(true);
  await eventually(async () =>
    expect(await direct.query("select from pg_stat_activity where pid = $1", [pid])).toMatchObject({ rowCount: 0 }),
  );
  expect(await noted()).toEqual([]);
});
