import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MigrationDirectory, MigrationList } from "@prisma/schema-engine-wasm";

/** This repository's prisma/migrations. */
export const ownMigrationsDir = fileURLToPath(new URL("../../../../prisma/migrations", import.meta.url));

const lockName = "migration_lock.toml";
const scriptName = "migration.sql";

/**
 * Reads a folder in Prisma's layout: `<timestamp>_<name>/migration.sql`, applied in the order of the names, beside
 * `migration_lock.toml`.
 *
 * @throws Error when the lock file or a script is missing
 */
export function readMigrations(baseDir: string): MigrationList {
  const lock = join(baseDir, lockName);
  if (!existsSync(lock)) throw new Error(`${lock} is missing: it names the kind of database (provider = "postgresql")`);
  const folders = readdirSync(baseDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).sort();
  return {
    baseDir,
    lockfile: { path: lockName, content: readFileSync(lock, "utf8") },
    shadowDbInitScript: "",
    migrationDirectories: names.map((name) => readMigration(baseDir, name)),
  };
}

/** The script of each migration by its name, in the order in which they are applied. */
export function scriptsOf(list: MigrationList): Map<string, string> {
  return new Map(
    list.migrationDirectories.map(({ path, migrationFile: { content } }) => {
      if (content.tag === "error") throw new Error(`${path} can't be read: ${content.value}`);
      return [path, content.value];
    }),
  );
}

function readMigration(baseDir: string, name: string): MigrationDirectory {
  const script = join(baseDir, name, scriptName);
  if (!existsSync(script)) throw new Error(`${script} is missing: add it, or remove its folder`);
  return {
    path: name,
    migrationFile: { path: scriptName, content: { tag: "ok", value: readFileSync(script, "utf8") } },
  };
}
