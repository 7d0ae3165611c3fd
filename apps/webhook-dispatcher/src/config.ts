import { type Config, defineConfig, integerText, listText, setting, sharedSettings } from "@postback/runtime";
import { z } from "zod";

export const configDefinition = defineConfig({
  ...sharedSettings,
  SECRET_KEYRING: setting(z.string().min(1), {
    description:
      "Keys that endpoint secrets are sealed with: <id>:<32 bytes in base64>, the newest first, joined by commas",
    secret: true,
  }),
  ALLOWED_SUBNETS: setting(listText, {
    default: "",
    description: "Subnets that may be called although they are private, like 10.1.0.0/16; for networks of your own",
  }),
  ALLOW_HTTP: setting(
    z.enum(["true", "false"]).transform((text) => text === "true"),
    {
      default: "false",
      description: "Whether endpoints may have http URLs; for development",
    },
  ),
  HELD_DELIVERIES_MAX: setting(integerText(100, 1_000_000), {
    default: "10000",
    description: "Deliveries held in memory at most; beyond it they wait in Postgres",
  }),
  SENDS_IN_FLIGHT_MAX: setting(integerText(100, 100_000), {
    default: "4000",
    description: "Webhooks that may be out at once; no tenant and no endpoint can take them all",
  }),
});

export type DispatcherConfig = Config<typeof configDefinition>;
