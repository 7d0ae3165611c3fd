import {
  type Config,
  ConfigError,
  defineConfig,
  integerText,
  listText,
  readConfig,
  setting,
  sharedSettings,
} from "@postback/runtime";

export const configDefinition = defineConfig({
  ...sharedSettings,
  PROCESSOR_QUEUES: setting(listText, {
    default: "commands,*",
    description: "What this process carries: commands (the operations themselves), names of queues, * for all queues",
  }),
  QUEUE_STEPS_MAX: setting(integerText(1, 10_000), {
    default: "64",
    description: "Steps of one queue that are worked at the same time",
  }),
  STEPS_MAX: setting(integerText(1, 10_000), {
    default: "128",
    description: "Operations that are worked at the same time, each of another entity",
  }),
  TRANSACTIONS_MAX: setting(integerText(1, 100), {
    default: "7",
    description: "Transaction steps at the same time; each holds a connection, so keep it below DATABASE_POOL_MAX",
  }),
  RETENTION_DAYS: setting(integerText(1, 3_650), {
    default: "30",
    description:
      "Days after which operations, events and deliveries are dropped, by the week and only when they are finished; " +
      "more than IDEMPOTENCY_DAYS, and the same for all processors",
  }),
  IDEMPOTENCY_DAYS: setting(integerText(1, 3_650), {
    default: "14",
    description:
      "Days that idempotency keys live, and after which a command is not begun any more; " +
      "at least the 7 days that topics are kept, and the same for all processors",
  }),
});

export type ProcessorConfig = Config<typeof configDefinition>;

/** What topics are made with (design §7): a command in the log must meet its key. */
const topicsKeptDays = 7;

/** @throws {ConfigError} with every problem, also of what doesn't go together. */
export function readProcessorConfig(env: Readonly<Record<string, string | undefined>>): ProcessorConfig {
  const config = readConfig(configDefinition, env);
  const { IDEMPOTENCY_DAYS: keysDays, RETENTION_DAYS: rowsDays } = config;
  if (keysDays >= topicsKeptDays && keysDays < rowsDays) return config;
  const rule =
    `lifetimes nest: topics (${topicsKeptDays} days) ≤ IDEMPOTENCY_DAYS (${keysDays}) < RETENTION_DAYS (${rowsDays}); ` +
    "otherwise a command could outlive the key, or the row, by which its repetition is known";
  throw new ConfigError([{ variable: "IDEMPOTENCY_DAYS", rule, given: String(keysDays) }]);
}
