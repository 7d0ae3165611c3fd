export { type ApplyOptions, applyMigrations, type MigrateOptions } from "./apply-migrations.ts";
export { type MigrationStatus, migrationStatus, pendingMigrations } from "./pending-migrations.ts";
export { ownMigrationsDir, readMigrations, scriptsOf } from "./read-migrations.ts";
export { resolveMigration } from "./resolve-migration.ts";
export { type DriftOptions, schemaDrift } from "./schema-drift.ts";
