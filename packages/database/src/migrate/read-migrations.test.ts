import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ownMigrationsDir, readMigrations, scriptsOf } from "./read-migrations.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "postback-migrations-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function add(name: string, script: string): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "migration.sql"), script);
}

it("reads migrations in the order of their names, not of the disk", () => {
  writeFileSync(join(folder, "migration_lock.toml"), 'provider = "postgresql"\n');
  add("20260202000000_second", "SELECT 2");
  add("20260101000000_first", "SELECT 1");
  expect([...scriptsOf(readMigrations(folder))]).toEqual([
    ["20260101000000_first", "SELECT 1"],
    ["20260202000000_second", "SELECT 2"],
  ]);
});

it("names the file that is missing", () => {
  expect(() => readMigrations(folder)).toThrow("migration_lock.toml is missing");
  writeFileSync(join(folder, "migration_lock.toml"), 'provider = "postgresql"\n');
  mkdirSync(join(folder, "20260101000000_empty"));
  expect(() => readMigrations(folder)).toThrow(/20260101000000_empty.migration\.sql is missing/);
});

it("finds this repository's migrations", () => {
  expect(readMigrations(ownMigrationsDir).migrationDirectories.length).toBeGreaterThan(0);
});
