import { type Config, defineConfig, integerText, setting, sharedSettings } from "@postback/runtime";

export const configDefinition = defineConfig({
  ...sharedSettings,
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
