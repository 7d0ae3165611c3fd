export { applyMigrations, ownMigrationsDir, readMigrations, scriptsOf } from "@postback/database/migrate";
