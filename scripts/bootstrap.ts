/** Makes the first key of the platform; see the help below. */
import { parseArgs } from "node:util";
import { makePlatformKey, openDatabase } from "../packages/database/src/index.ts";
import { createLogger, defineConfig, readConfig, setting, sharedSettings } from "../packages/runtime/src/index.ts";

const help = `Usage: npm run bootstrap [-- --another]

Makes the first API key with the scope "platform" and prints it, once: the database has only its hash. Whoever holds it makes
tenants, each with its first key (POST /v1/tenants), and sets their quotas; it never sees what is in a tenant.
Run it after "node scripts/prepare.ts". It refuses, and ends with 1, when there is such a key in force.

  --another   makes one more: for a second holder, or before the first is revoked
  --help      shows this

  DATABASE_URL   needed
  POSTBACK_ENV   as the apps have it: the key says whether it is for production (pb_live_) or development (pb_dev_)
`;

const { POSTBACK_ENV, DATABASE_URL, LOG_LEVEL } = sharedSettings;
const definition = defineConfig({
  POSTBACK_ENV,
  DATABASE_URL,
  LOG_LEVEL: setting(LOG_LEVEL.schema, { ...LOG_LEVEL, default: "warn" }),
});

async function bootstrap(another: boolean): Promise<void> {
  const config = readConfig(definition, process.env);
  const logger = createLogger({ app: "bootstrap", level: config.LOG_LEVEL, format: "json" });
  await using db = openDatabase({ url: config.DATABASE_URL, applicationName: "postback-bootstrap", logger });
  const made = await makePlatformKey(db, { env: config.POSTBACK_ENV === "development" ? "dev" : "live", another });
  if (made.kind === "exists") {
    throw new Error(
      `There is a key of the platform already (${made.keyIds.join(", ")}). Add --another to make one more.`,
    );
  }
  console.error("The key of the platform, which can't be shown again:");
  // Alone on stdout, so that it can be piped to where secrets are kept.
  console.log(made.apiKey);
}

try {
  const options = { another: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  const { values } = parseArgs({ options });
  if (values.help) console.log(help);
  else await bootstrap(values.another ?? false);
} catch (error) {
  console.error(`No key was made: ${reasonOf(error)}`);
  process.exitCode = 1;
}

/** A host with several addresses fails with one error for each, and with no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(String).join("\n");
  return error instanceof Error ? error.message : String(error);
}
