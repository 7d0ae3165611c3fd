import { parseKeyring } from "@postback/database";
import { parseSubnet, type Subnet } from "@postback/domain";
import {
  booleanText,
  type Config,
  ConfigError,
  defineConfig,
  integerText,
  listText,
  portText,
  readConfig,
  setting,
  sharedSettings,
} from "@postback/runtime";
import { z } from "zod";

const keyring = z.string().transform((text, context) => {
  try {
    return parseKeyring(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const subnets = listText.transform((list, context) =>
  list.flatMap((text): Subnet[] => {
    const subnet = parseSubnet(text);
    if (subnet !== undefined) return [subnet];
    context.addIssue({ code: "custom", message: `${text} is no subnet such as 10.0.0.0/8` });
    return [];
  }),
);

// Health is on the port of the API.
const { HEALTH_PORT: _, ...shared } = sharedSettings;

/** The environment of ingest. */
export const configDefinition = defineConfig({
  PORT: setting(portText, { default: "8080", description: "Port of the HTTP API; 0 takes a free one" }),
  HOST: setting(z.string().optional(), { description: "Address to listen on; all of them when left out" }),
  ...shared,
  DATABASE_URL_API: setting(shared.DATABASE_URL.schema.optional(), {
    description: "Postgres under a login of the role postback_api, for what reads and manages one tenant's rows",
    secret: true,
  }),
  CONCURRENCY_MAX: setting(integerText(1, 100_000), {
    default: "2000",
    description: "Requests in work at once; one more gets 503 overloaded",
  }),
  RATE_LIMIT_PER_SECOND: setting(integerText(1, 1_000_000), {
    default: "10000",
    description: "Requests a second of each API key in each process, where its tenant has no quota; more gets 429",
  }),
  WAITS_MAX: setting(integerText(0, 100_000), {
    default: "5000",
    description: "Requests that wait (Prefer: wait, ?wait) at once; they are not counted in CONCURRENCY_MAX",
  }),
  WAITS_PER_KEY_MAX: setting(integerText(0, 100_000), {
    default: "1000",
    description: "Of these, those of one API key",
  }),
  STREAMS_MAX: setting(integerText(0, 1_000_000), {
    default: "10000",
    description: "SSE and WebSocket clients at once; each may hold up to 1 MiB that it hasn't taken yet",
  }),
  STREAMS_PER_KEY_MAX: setting(integerText(0, 1_000_000), {
    default: "1000",
    description: "Of these, those of one API key",
  }),
  SECRET_KEYRING: setting(keyring, {
    description:
      "Keys that endpoint secrets are sealed with: <id>:<32 bytes in base64>, the newest first, separated by commas",
    secret: true,
  }),
  LISTEN_URL: setting(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      "Where dispatchers reach this very process, not a load balancer, for `postback listen`; left out: it is refused",
  }),
  ALLOW_HTTP: setting(booleanText, {
    default: "false",
    description: "Whether an endpoint may have an http URL; only in development",
  }),
  ALLOWED_SUBNETS: setting(subnets, {
    default: "",
    description: "Networks that webhooks may go to although they aren't public, as CIDR, separated by commas",
  }),
});

export type IngestConfig = Config<typeof configDefinition>;

/** @throws {ConfigError} with every problem, also of what doesn't go together. */
export function readIngestConfig(env: Readonly<Record<string, string | undefined>>): IngestConfig {
  const config = readConfig(configDefinition, env);
  if (config.ALLOW_HTTP && config.POSTBACK_ENV === "production") {
    const rule = "may be true only with POSTBACK_ENV=development: webhooks carry what must not be read on the way";
    throw new ConfigError([{ variable: "ALLOW_HTTP", rule, given: "true" }]);
  }
  if (config.LISTEN_URL?.startsWith("http:") && !config.ALLOW_HTTP) {
    const rule = "must be https where ALLOW_HTTP isn't true: dispatchers send to no other";
    throw new ConfigError([{ variable: "LISTEN_URL", rule, given: config.LISTEN_URL }]);
  }
  return config;
}
