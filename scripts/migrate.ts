/** Migrations without Prisma's native engine; see the help below. */
import { parseArgs } from "node:util";
import { applyMigrations, migrationStatus, resolveMigration } from "@postback/database/migrate";

const help = `Usage: node scripts/migrate.ts <command>

  deploy          applies the migrations of prisma/migrations that aren't applied yet
  status          shows what is pending, failed, edited or unknown; exits 1 unless the database is up to date
  resolve <name>  marks a failed migration as rolled back, so that deploy tries it again

  --url <url>     the database (default: DATABASE_URL)
  --help          shows this

The ledger is Prisma's: \`prisma migrate deploy\` can follow this, and this can follow that.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: "string" }, help: { type: "boolean", short: "h" } },
});
const [command, name] = positionals;

if (values.help || command === undefined) {
  console.log(help);
  process.exitCode = values.help ? 0 : 1;
} else {
  await run(command, name).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

async function run(command: string, name: string | undefined): Promise<void> {
  const { DATABASE_URL: given } = process.env;
  const url = values.url ?? given;
  if (url === undefined) throw new Error("Which database? Set DATABASE_URL or give --url.");
  if (command === "deploy") return deploy(url);
  if (command === "status") return showStatus(url);
  if (command === "resolve" && name !== undefined) return resolve(url, name);
  throw new Error(`Unknown: ${positionals.join(" ")}\n\n${help}`);
}

async function deploy(url: string): Promise<void> {
  const applied = await applyMigrations({ url, onProgress: (migration) => console.log(`Applying ${migration}`) });
  console.log(applied.length === 0 ? "Nothing to apply: the database is up to date." : `Applied: ${applied.length}`);
}

async function showStatus(url: string): Promise<void> {
  const status = await migrationStatus({ url });
  const lines = Object.entries(status).flatMap(([state, names]) => names.map((each: string) => `${state} ${each}`));
  console.log(lines.length === 0 ? "The database is up to date." : lines.join("\n"));
  process.exitCode = lines.length === 0 ? 0 : 1;
}

async function resolve(url: string, name: string): Promise<void> {
  await resolveMigration({ url, name });
  console.log(`${name} is marked as rolled back.`);
}
