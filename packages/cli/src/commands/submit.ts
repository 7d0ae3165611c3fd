import { readFile } from "node:fs/promises";
import { type Command, type Context, UsageError } from "../command.ts";
import { parseEntity } from "../parse-entity.ts";
import { exitCodeOf, followToEnd, showOperation } from "./follow.ts";

export const submit: Command = {
  name: "submit",
  summary: "Submit a write",
  args: [
    { name: "type", description: "an operation type, like order.place", required: true },
    { name: "input", description: "JSON, @file, or - for standard input", required: false },
  ],
  options: {
    entity: { type: "string", value: "TYPE:ID", description: "What it is about; left out: derived from the input" },
    key: { type: "string", value: "TEXT", description: "Idempotency-Key; default: a new one" },
    id: { type: "string", value: "UUIDv7", description: "An id of yours" },
    wait: { type: "string", value: "SECONDS", description: "Wait for the end, at most 60" },
    follow: { type: "boolean", short: "f", description: "Show its events until it has ended" },
  },
  examples: [
    `postback submit stock.adjust '{"sku":"sku-1","delta":5}' --follow`,
    "postback submit order.place @order.json --key order-17",
  ],
  async run(context) {
    const { client, given, args, signal } = context;
    const [type = "", text = "{}"] = args;
    const [entity, id] = [given.text("entity"), given.text("id")];
    const write = {
      type,
      input: await readInput(context, text),
      ...(entity === undefined ? {} : { entity: parseEntity(entity) }),
      ...(id === undefined ? {} : { id }),
    };
    const waitSeconds = waitOf(given.text("wait"));
    const operation = await client.operations.submit(write, { idempotencyKey: given.text("key"), waitSeconds, signal });
    showOperation(context, operation);
    return given.flag("follow") ? await followToEnd(context, operation.id) : exitCodeOf(operation);
  },
};

async function readInput({ readStdin }: Context, text: string): Promise<unknown> {
  const json = text === "-" ? await readStdin() : text.startsWith("@") ? await readInputFile(text.slice(1)) : text;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UsageError(`The input is not JSON: ${(error as Error).message}`);
  }
}

async function readInputFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`The input can't be read: ${(error as Error).message}`);
  }
}

function waitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,2}$/.test(text) && Number(text) <= 60) return Number(text);
  throw new UsageError(`--wait is a number of seconds up to 60, not "${text}".`);
}
