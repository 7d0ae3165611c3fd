import type { Command } from "../command.ts";
import { exitCodeOf, followToEnd, showOperation } from "./follow.ts";

export const get: Command = {
  name: "get",
  summary: "Show an operation with its steps",
  args: [{ name: "id", description: "of the operation", required: true }],
  options: {
    follow: { type: "boolean", short: "f", description: "Show its events until it has ended" },
    deliveries: { type: "boolean", description: "And to whom its events went (scope endpoints:read)" },
  },
  examples: ["postback get 0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01 --follow"],
  async run(context) {
    const { client, given, args, signal } = context;
    const [id = ""] = args;
    if (given.flag("follow")) return await followToEnd(context, id);
    const operation = await client.operations[given.flag("deliveries") ? "story" : "get"](id, { signal });
    showOperation(context, operation);
    return exitCodeOf(operation);
  },
};
