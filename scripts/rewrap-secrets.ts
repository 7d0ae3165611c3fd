/** Seals endpoint secrets anew with the newest key, while the apps run; see the help below. */
import { parseArgs } from "node:util";
import { z } from "zod";
import {
  countSealed,
  type Database,
  type Keyring,
  openDatabase,
  parseKeyring,
  type RewrappedBatch,
  rewrapSecrets,
} from "../packages/database/src/index.ts";
import { createLogger, defineConfig, readConfig, setting, sharedSettings } from "../packages/runtime/src/index.ts";

const help = `Usage: npm run rewrap-secrets [-- --status]

Seals all endpoint secrets that an older key sealed anew, with the first key of SECRET_KEYRING, while the apps run. Every app
must know that key already. It can be ended at any time, and begun again: what is done is done. It ends with 1 when a secret
does not open.

  --status   only shows how many secrets each key has sealed; a key that isn't named is needed no more
  --help     shows this

  DATABASE_URL, SECRET_KEYRING   as the apps have them
`;

const batchMax = 500;

const { DATABASE_URL, LOG_LEVEL } = sharedSettings;
const definition = defineConfig({
  DATABASE_URL,
  LOG_LEVEL: setting(LOG_LEVEL.schema, { ...LOG_LEVEL, default: "warn" }),
  SECRET_KEYRING: setting(z.string().min(1), {
    description: "Keys that endpoint secrets are sealed with",
    secret: true,
  }),
});

/** @returns how many did not open */
async function rewrapAll(db: Database, keyring: Keyring): Promise<number> {
  let [rewrapped, failed] = [0, 0];
  let after: RewrappedBatch["next"];
  do {
    const batch = await rewrapSecrets(db, keyring, { after, batchMax });
    rewrapped += batch.rewrapped;
    failed += batch.failed.length;
    for (const { reason } of batch.failed) console.error(`Not sealed anew: ${reason}`);
    after = batch.next;
    if (after !== undefined) console.log(`Sealed anew so far: ${rewrapped}`);
  } while (after !== undefined);
  console.log(`Sealed anew with the key "${keyring.newest}": ${rewrapped}${failed === 0 ? "" : `; not: ${failed}`}`);
  return failed;
}

async function showStatus(db: Database, { newest }: Keyring): Promise<void> {
  const counts = await countSealed(db);
  if (counts.length === 0) console.log("There are no secrets.");
  for (const { keyId, count } of counts)
    console.log(`${keyId}: ${count}${keyId === newest ? " (the newest key)" : ""}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { status: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return console.log(help);
  const config = readConfig(definition, process.env);
  const keyring = parseKeyring(config.SECRET_KEYRING);
  const logger = createLogger({ app: "rewrap-secrets", level: config.LOG_LEVEL, format: "json" });
  await using db = openDatabase({ url: config.DATABASE_URL, applicationName: "postback-rewrap-secrets", logger });
  if (values.status) return await showStatus(db, keyring);
  if ((await rewrapAll(db, keyring)) > 0) process.exitCode = 1;
  await showStatus(db, keyring);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
