import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@postback/testkit";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyMigrations } from "./apply-migrations.ts";
import { migrationStatus, pendingMigrations } from "./pending-migrations.ts";
import { resolveMigration } from "./resolve-migration.ts";

let database: TestDatabase;
let migrationsDir: string;
beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  migrationsDir = mkdtempSync(join(tmpdir(), "postback-migrations-"));
  writeFileSync(join(migrationsDir, "migration_lock.toml"), 'provider = "postgresql"\n');
});
afterEach(async () => {
  rmSync(migrationsDir, { recursive: true });
  await database.drop();
});

function write(name: string, script: string): void {
  mkdirSync(join(migrationsDir, name), { recursive: true });
  writeFileSync(join(migrationsDir, name, "migration.sql"), script);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const withFunction = `
CREATE TABLE counters (n integer NOT NULL);
CREATE FUNCTION add_counter(value integer) RETURNS integer LANGUAGE plpgsql AS $body$
BEGIN
  INSERT INTO counters VALUES (value);
  RETURN value + 1;
END;
$body$;
SELECT add_counter(41);
`;

it("runs a script with functions as it stands, semicolons and all", async () => {
  write("20260101000000_function", withFunction);
  const begun: string[] = [];
  const applied = await applyMigrations({ url: database.url, migrationsDir, onProgress: (name) => begun.push(name) });
  expect(applied).toEqual(["20260101000000_function"]);
  expect(begun).toEqual(applied);
  expect(await query("SELECT n FROM counters")).toEqual([{ n: 41 }]);
  expect(await query("SELECT add_counter(1) AS next")).toEqual([{ next: 2 }]);
});

it("applies each migration once when several processes start at the same time", async () => {
  write("20260101000000_function", withFunction);
  const starts = Array.from({ length: 3 }, () => applyMigrations({ url: database.url, migrationsDir }));
  expect((await Promise.all(starts)).flat()).toEqual(["20260101000000_function"]);
  expect(await query("SELECT n FROM counters")).toEqual([{ n: 41 }]);
});

it("tells what is pending before, and what was edited after", async () => {
  write("20260101000000_function", withFunction);
  expect(await pendingMigrations({ url: database.url, migrationsDir })).toEqual(["20260101000000_function"]);
  await applyMigrations({ url: database.url, migrationsDir });
  write("20260101000000_function", "SELECT 'edited'");
  const status = await migrationStatus({ url: database.url, migrationsDir });
  expect(status).toEqual({ pending: [], failed: [], edited: ["20260101000000_function"], unknown: [] });
});

it("names the migration, the error and its line when a script is wrong", async () => {
  write("20260101000000_wrong", "CREATE TABLE fine (n integer);\n\nCREATE TABLE wrong (n nothing);\n");
  const apply = applyMigrations({ url: database.url, migrationsDir });
  await expect(apply).rejects.toThrow(/20260101000000_wrong[\s\S]*type "nothing" does not exist \(line 3\)/);
});

it("leaves nothing of a migration that fails, stops until it is resolved, then applies the corrected one", async () => {
  const name = "20260101000000_half";
  write(name, "CREATE TABLE half (n integer); SELECT 1 / 0;");
  const apply = () => applyMigrations({ url: database.url, migrationsDir });
  await expect(apply()).rejects.toThrow(/20260101000000_half[\s\S]*division by zero/);
  expect(await query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  expect((await migrationStatus({ url: database.url, migrationsDir })).failed).toEqual([name]);
  write(name, "CREATE TABLE half (n integer);");
  await expect(apply()).rejects.toThrow(/failed migrations/);
  await resolveMigration({ url: database.url, name });
  expect(await apply()).toEqual([name]);
});
