import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CatalogMigrationError } from "./catalog-migration-error.ts";
import { limits } from "./limits.ts";

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** sha256 of the file, hex. */
  readonly checksum: string;
}

const migrationName = /^\d{4,14}[-_][a-z0-9][a-z0-9_-]*\.sql$/;

/** The SQL files of a folder in the order of their names, which is that of their application. */
export async function readMigrations(catalog: string, dir: string): Promise<readonly Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".sql")).sort();
  const misnamed = names.find((name) => !migrationName.test(name));
  if (misnamed !== undefined) {
    throw new CatalogMigrationError(
      catalog,
      misnamed,
      "must be named like 0001_orders.sql: digits first, they give the order",
    );
  }
  return Promise.all(names.map((name) => readMigration(catalog, dir, name)));
}

async function readMigration(catalog: string, dir: string, name: string): Promise<Migration> {
  const bytes = await readFile(join(dir, name));
  if (bytes.length > limits.migrationFileMaxBytes) {
    throw new CatalogMigrationError(catalog, name, `is larger than ${limits.migrationFileMaxBytes} bytes`);
  }
  return { name, sql: bytes.toString("utf8"), checksum: createHash("sha256").update(bytes).digest("hex") };
}
