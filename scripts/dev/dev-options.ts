import { parseArgs } from "node:util";

export interface DevOptions {
  /** Undefined: a free one. */
  readonly port: number | undefined;
  readonly kafka: readonly string[] | undefined;
  readonly databaseUrl: string | undefined;
  readonly catalog: string;
  readonly partitions: number;
  readonly logLevel: string;
  /** Whether an order is placed before the user's eyes. */
  readonly isDemonstrated: boolean;
}

/** Something in the command line or the environment can't be used. */
export class DevOptionsError extends Error {
  override readonly name = "DevOptionsError";
}

const shop = "./examples/shop";
const defaultPort = "8080";
const defaultPartitions = "12";

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {DevOptionsError} that names what can't be used and what it must be */
export function readDevOptions(args: readonly string[], env: Environment): DevOptions {
  const isDemoWanted = !parse(args)["no-demo"];
  const catalog = env["POSTBACK_CATALOG"] || shop;
  const port = wholeNumber("PORT", env["PORT"] || defaultPort, { min: 0, max: 65_535 });
  return {
    port: port === 0 ? undefined : port,
    kafka: brokersOf(env["KAFKA_BROKERS"]),
    databaseUrl: databaseOf(env["DATABASE_URL"]),
    catalog,
    partitions: wholeNumber("PARTITIONS", env["PARTITIONS"] || defaultPartitions, { min: 1, max: 1000 }),
    logLevel: env["LOG_LEVEL"] || "info",
    isDemonstrated: isDemoWanted && catalog === shop,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { "no-demo": { type: "boolean", default: false } } }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DevOptionsError(`${reason}\nSee npm start -- --help`);
  }
}

function wholeNumber(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new DevOptionsError(`${name} is ${text}; it must be a whole number from ${min} to ${max}.`);
}

function brokersOf(text: string | undefined): readonly string[] | undefined {
  if (!text) return undefined;
  const brokers = text.split(",").map((broker) => broker.trim());
  if (brokers.every((broker) => /^(?:[^\s:]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/.test(broker))) return brokers;
  throw new DevOptionsError(`KAFKA_BROKERS is ${text}; it must be host:port, several separated by commas.`);
}

function databaseOf(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (/^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text)) return text;
  // Not shown: it may hold a password.
  throw new DevOptionsError("DATABASE_URL must be a URL: postgresql://user:password@host:5432/database.");
}
