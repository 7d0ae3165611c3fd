import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@postback/testkit";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyCatalogMigrations } from "./apply-catalog-migrations.ts";

let database: TestDatabase;
let client: pg.Client;
let dir: string;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await connect();
  dir = await mkdtemp(join(tmpdir(), "postback-migrations-"));
  await write("0001_things.sql", "create table things (id text); insert into things values ('first');");
  await write("0002_more.sql", "insert into things values ('second');");
});
afterEach(async () => {
  await client.end();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function connect(): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: database.url });
  await made.connect();
  return made;
}
const write = (name: string, sql: string) => writeFile(join(dir, name), sql);
const apply = (by = client) => applyCatalogMigrations(by, { catalog: "my-shop", dir, schema: "my_shop" });
const things = async () => (await client.query("select id from my_shop.things")).rows.map(({ id }) => id);

test("applies files in order into the catalog's own schema, once", async () => {
  expect(await apply()).toEqual(["0001_things.sql", "0002_more.sql"]);
  expect(await apply()).toEqual([]);
  await write("0003_last.sql", "insert into things values ('third');");
  expect(await apply()).toEqual(["0003_last.sql"]);
  expect(await things()).toEqual(["first", "second", "third"]);
});

test("two processes that start at once apply them once", async () => {
  const other = await connect();
  const applied = await Promise.all([apply(), apply(other)]);
  await other.end();
  expect(applied.map(({ length }) => length).sort()).toEqual([0, 2]);
  expect(await things()).toEqual(["first", "second"]);
});

test("a file that fails leaves nothing of itself, and those before it stay", async () => {
  await write("0003_bad.sql", "insert into things values ('third'); select 1/0;");
  await expect(apply()).rejects.toThrow(
    /0003_bad\.sql of the catalog my-shop failed and was rolled back: division by zero/,
  );
  expect(await things()).toEqual(["first", "second"]);
  await write("0003_bad.sql", "insert into things values ('third');");
  expect(await apply()).toEqual(["0003_bad.sql"]);
});

test("refuses a file that changed, one that comes too late, and one without its number", async () => {
  await apply();
  await write("0001_things.sql", "create table things (id integer);");
  await expect(apply()).rejects.toThrow(/0001_things\.sql .* was changed after it had been applied/);
  await write("0001_things.sql", "create table things (id text); insert into things values ('first');");
  await write("0001_z.sql", "select 1;");
  await expect(apply()).rejects.toThrow(/0001_z\.sql .* comes before 0002_more\.sql/);
  await write("things.sql", "select 1;");
  await expect(apply()).rejects.toThrow(/things\.sql .* must be named like/);
});

test("a ledger that is ahead of the folder is a newer release's, and fine", async () => {
  await apply();
  await rm(join(dir, "0002_more.sql"));
  expect(await apply()).toEqual([]);
});

test("leaves the connection free of its lock and its search_path", async () => {
  await write("0003_bad.sql", "select 1/0;");
  await expect(apply()).rejects.toThrow();
  const { rows } = await client.query(
    "select current_setting('search_path') as path, (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks",
  );
  expect(rows).toEqual([{ path: '"$user", public', locks: 0 }]);
});
