import { type Config, defineConfig, integerText, listText, setting, sharedSettings } from "@postback/runtime";

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
});

export type ProcessorConfig = Config<typeof configDefinition>;
