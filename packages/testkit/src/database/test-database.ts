import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { onServer, urlOfDatabase } from "./server-client.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** Removes it now, whoever is connected; otherwise it goes at the end of the run. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Default true: every migration of this repository is applied. */
  readonly migrated?: boolean;
}

/** A database of its own for a test file: a copy of one with every migration applied, or an empty one. */
export async function createTestDatabase({ migrated = true }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { postgresUrl, templateDatabase, databasePrefix } = inject("brokers");
  const name = `${databasePrefix}${randomBytes(5).toString("hex")}`;
  const [database, template] = [
    pg.escapeIdentifier(name),
    pg.escapeIdentifier(migrated ? templateDatabase : "template0"),
  ];
  await onServer(postgresUrl, (client) => client.query(`CREATE DATABASE ${database} TEMPLATE ${template}`));
  const drop = (): Promise<void> => dropDatabase(postgresUrl, name);
  return { url: urlOfDatabase(postgresUrl, name), name, drop, [Symbol.asyncDispose]: drop };
}

/** Removes the databases whose names begin so. */
export async function dropDatabases(serverUrl: string, prefix: string): Promise<void> {
  const { rows } = await onServer(serverUrl, (client) =>
    client.query<{ datname: string }>("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", [prefix]),
  );
  for (const { datname } of rows) await dropDatabase(serverUrl, datname);
}

async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  const statement = `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`;
  await onServer(serverUrl, (client) => client.query(statement));
}
