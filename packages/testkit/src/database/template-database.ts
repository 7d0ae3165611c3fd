import { createHash } from "node:crypto";
import pg from "pg";
import { applyMigrations, ownMigrationsDir, readMigrations, scriptsOf } from "./migrations.ts";
import { onServer, urlOfDatabase } from "./server-client.ts";

/** Two runs against one given server must not make the template twice. */
const lockNumber = 72_707_371;

/**
 * Makes the database that test databases are copied from, if the server hasn't one for these very migrations.
 *
 * @returns its name
 */
export async function ensureTemplate(serverUrl: string, migrationsDir = ownMigrationsDir): Promise<string> {
  const name = `postback_template_${migrationsKey(migrationsDir)}`;
  await onServer(serverUrl, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [lockNumber]);
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1 AND datistemplate", [name]);
    if (rowCount === 0) await makeTemplate(client, serverUrl, name, migrationsDir);
  });
  return name;
}

/** It becomes a template only when it is whole; what is left of a try that broke off is made anew. */
async function makeTemplate(client: pg.Client, serverUrl: string, name: string, migrationsDir: string): Promise<void> {
  const identifier = pg.escapeIdentifier(name);
  await client.query(`DROP DATABASE IF EXISTS ${identifier}`);
  await client.query(`CREATE DATABASE ${identifier}`);
  await applyMigrations({ url: urlOfDatabase(serverUrl, name), migrationsDir });
  await client.query(`ALTER DATABASE ${identifier} IS_TEMPLATE true`);
}

function migrationsKey(migrationsDir: string): string {
  const hash = createHash("sha256");
  for (const [name, script] of scriptsOf(readMigrations(migrationsDir))) hash.update(`${name}\n${script}\n`);
  return hash.digest("hex").slice(0, 12);
}
