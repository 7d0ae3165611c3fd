import type { DiagnoseMigrationHistoryOutput } from "@prisma/schema-engine-wasm";
import type { MigrateOptions } from "./apply-migrations.ts";
import { ownMigrationsDir, readMigrations } from "./read-migrations.ts";
import { wholeSchema, withSchemaEngine } from "./schema-engine.ts";

export interface MigrationStatus {
  /** In the folder, not applied. */
  readonly pending: readonly string[];
  /** Begun and not finished; nothing more is applied until each is resolved. */
  readonly failed: readonly string[];
  /** Applied, and changed in the folder since. */
  readonly edited: readonly string[];
  /** Applied, and not in the folder: the database is of a newer release. */
  readonly unknown: readonly string[];
}

/** The names of the migrations that `applyMigrations` would apply. Reads only. */
export async function pendingMigrations(options: MigrateOptions): Promise<readonly string[]> {
  return (await migrationStatus(options)).pending;
}

/** How the database stands to the folder of migrations. Reads only. */
export async function migrationStatus({
  url,
  migrationsDir = ownMigrationsDir,
}: MigrateOptions): Promise<MigrationStatus> {
  const migrationsList = readMigrations(migrationsDir);
  const diagnosis = await withSchemaEngine(url, (engine) =>
    engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters: wholeSchema }),
  );
  return statusOf(diagnosis);
}

function statusOf({ history, failedMigrationNames, editedMigrationNames }: DiagnoseMigrationHistoryOutput) {
  const pending = history && "unappliedMigrationNames" in history ? history.unappliedMigrationNames : [];
  const unknown = history && "unpersistedMigrationNames" in history ? history.unpersistedMigrationNames : [];
  return { pending, failed: failedMigrationNames, edited: editedMigrationNames, unknown };
}
