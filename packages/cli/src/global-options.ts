import type { OptionDefinition } from "./command.ts";

/** Of every command. */
export const globalOptions: Readonly<Record<string, OptionDefinition>> = {
  url: { type: "string", value: "URL", description: "Where Postback is; default: POSTBACK_URL" },
  json: { type: "boolean", description: "For programs: a JSON document a line" },
  help: { type: "boolean", short: "h", description: "Show this" },
};
