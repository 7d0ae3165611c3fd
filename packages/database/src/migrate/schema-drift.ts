import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import pg from "pg";
import { withSchemaEngine } from "./schema-engine.ts";

export interface DriftOptions {
  /** A database with every migration applied. */
  readonly url: string;
  /** Path of schema.prisma. */
  readonly schemaFile: string;
}

/**
 * What would have to be done to a migrated database to make it what schema.prisma says, as SQL; undefined when they
 * agree. Only tables with a model are compared, and of them what Prisma's format can express: no partitioning, partial
 * indexes, functions or triggers.
 */
export async function schemaDrift({ url, schemaFile }: DriftOptions): Promise<string | undefined> {
  const content = readFileSync(schemaFile, "utf8");
  const files = [{ path: schemaFile, content }];
  const externalTables = await tablesWithoutModel(url, modelTables(content));
  const { stdout, exitCode } = await withSchemaEngine(url, (engine) =>
    engine.diff({
      from: { tag: "schemaDatasource", files, configDir: dirname(schemaFile) },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: true,
      filters: { externalTables, externalEnums: [] },
    }),
  );
  return exitCode === 0 ? undefined : (stdout ?? "");
}

/** The tables that a Prisma schema has models for: the name in `@@map`, else the model's own. */
function modelTables(schema: string): Set<string> {
  const models = schema.matchAll(/^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm);
  return new Set(Array.from(models, ([, name = "", body = ""]) => /@@map\("([^"]+)"\)/.exec(body)?.[1] ?? name));
}

async function tablesWithoutModel(url: string, modelled: ReadonlySet<string>): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ tablename: string }>(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    );
    return rows.flatMap(({ tablename }) => (modelled.has(tablename) ? [] : [`public.${tablename}`]));
  } finally {
    await client.end();
  }
}
