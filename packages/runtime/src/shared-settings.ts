import { z } from "zod";
import { setting } from "./config.ts";

/** A whole number within bounds, written in digits: `Number` alone would take "", " 1" and "0x10". */
export const integerText = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

/** `a, b` → `["a", "b"]`. */
export const listText = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

export const booleanText = z.enum(["true", "false"]).transform((text) => text === "true");

/** A port to listen on; 0 takes a free one, which the log names. */
export const portText = integerText(0, 65_535);

const postgresUrl = z
  .string()
  .refine(
    (text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text),
    "must be a URL: postgres://user@host:5432/db",
  );

const brokers = listText.refine(
  (list) => list.length > 0 && list.every((broker) => /^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:.]+\]:\d{1,5}$/.test(broker)),
  "must be host:port, separated by commas",
);

/** Settings that more than one process reads, to be picked into its own definition. */
export const sharedSettings = {
  POSTBACK_ENV: setting(z.enum(["development", "production"]), {
    default: "production",
    description: "development allows http and local addresses where they are configured, and makes keys on first start",
  }),
  POSTBACK_CATALOG: setting(z.string(), {
    default: "",
    description: "Catalogs to load: package names or paths, separated by commas",
  }),
  KAFKA_BROKERS: setting(brokers, { description: "Kafka brokers, host:port, separated by commas" }),
  TOPIC_PREFIX: setting(z.string().regex(/^[a-zA-Z0-9._-]{0,100}$/, "may hold letters, digits, dot, _ and -"), {
    default: "",
    description: "Goes before the name of each topic and consumer group",
  }),
  PARTITIONS: setting(integerText(1, 1000), {
    default: "48",
    description: "Partitions of each topic; fixed once the topics are made",
  }),
  DATABASE_URL: setting(postgresUrl, { description: "Postgres, postgres://user:password@host:5432/db", secret: true }),
  DATABASE_POOL_MAX: setting(integerText(1, 100), {
    default: "10",
    description: "Connections to Postgres that the process opens at most",
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: setting(integerText(100, 600_000), {
    default: "10000",
    description: "Time for one SQL statement, milliseconds",
  }),
  LOG_LEVEL: setting(z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]), {
    default: "info",
    description: "The least severe level that is logged",
  }),
  LOG_FORMAT: setting(z.enum(["json", "pretty"]), {
    default: "json",
    description: "json, or pretty for the eye (needs pino-pretty, a development dependency)",
  }),
  HEALTH_PORT: setting(portText, {
    default: "0",
    description: "Port of /livez, /readyz and /metrics; 0 takes a free one",
  }),
  SHUTDOWN_GRACE_MS: setting(integerText(100, 600_000), {
    default: "10000",
    description: "Time to finish work in flight after SIGTERM, milliseconds; then the process exits 1",
  }),
} as const;
