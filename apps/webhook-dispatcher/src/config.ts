import { type Config, defineConfig, integerText, listText, setting, sharedSettings } from "@postback/runtime";
import { z } from "zod";
import { parseEgressProxy } from "./send/egress-proxy.ts";

const egressProxy = z.string().transform((text, context) => {
  const proxy = parseEgressProxy(text);
  if (proxy !== undefined) return proxy;
  context.addIssue({ code: "custom", message: "is no proxy like http://user:password@proxy.example.com:3128" });
  return z.NEVER;
});

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
  DISABLE_FAILING_AFTER_SECONDS: setting(integerText(1, 30 * 86_400), {
    default: "432000",
    description: "Endpoints at which every attempt has failed for this long are disabled; 5 days",
  }),
  EGRESS_PROXY: setting(egressProxy.optional(), {
    description:
      "Proxy that webhooks leave through, by CONNECT to the judged address: http://user:password@host:port; without one they go straight",
    secret: true,
  }),
  WEBHOOK_ORIGIN: setting(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, "is no name like webhooks.example.com"), {
    default: "postback",
    description: "Name of this installation for receivers that are asked before they get webhooks; a DNS name of yours",
  }),
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
