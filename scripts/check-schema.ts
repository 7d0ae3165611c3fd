/** Fails when prisma/schema.prisma and the database that the migrations make disagree. Starts a PostgreSQL of its own. */
import { fileURLToPath } from "node:url";
import { applyMigrations, schemaDrift } from "@postback/database/migrate";
import { startPostgres } from "@postback/embedded";

const schemaFile = fileURLToPath(new URL("../prisma/schema.prisma", import.meta.url));

await using postgres = await startPostgres({ profile: "test" });
await applyMigrations({ url: postgres.url });
const drift = await schemaDrift({ url: postgres.url, schemaFile });
if (drift === undefined) {
  console.log("prisma/schema.prisma agrees with the migrations.");
} else {
  console.error(
    `prisma/schema.prisma and the migrations disagree. To make the database what the schema says:\n\n${drift}`,
  );
  process.exitCode = 1;
}
