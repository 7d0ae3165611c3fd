export { applyMigrations } from "@postback/database/migrate";
