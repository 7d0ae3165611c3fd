import type { Endpoint, UpdateEndpoint } from "@postback/client";
import { type Command, type Context, type ExitCode, UsageError } from "../command.ts";
import { table } from "../output/table.ts";
import { limitOption, showList } from "./show-list.ts";

const endpointId = { name: "id", description: "of the endpoint", required: true };
const eventsOption = {
  type: "string",
  value: "PATTERN",
  multiple: true,
  description: "What it is told, like order.*",
} as const;
const descriptionOption = { type: "string", value: "TEXT", description: "For people" } as const;

const list: Command = {
  name: "endpoints",
  summary: "List the endpoints",
  args: [],
  options: { limit: limitOption },
  examples: ["postback endpoints"],
  async run(context) {
    const { client, signal } = context;
    const head = ["id", "state", "events", "url"];
    await showList(context, client.endpoints.list({ signal }), head, (each) => [
      each.id,
      stateOf(each),
      each.events.join(" "),
      each.url,
    ]);
    return 0;
  },
};

const stateOf = ({ enabled, disabledReason }: Endpoint): string =>
  enabled ? "enabled" : `disabled${disabledReason === undefined ? "" : ` (${disabledReason})`}`;

const create: Command = {
  name: "endpoints create",
  summary: "Register a URL for webhooks; its secret is shown this once",
  args: [{ name: "url", description: "where webhooks are posted to", required: true }],
  options: { events: eventsOption, description: descriptionOption },
  examples: ["postback endpoints create https://example.com/hooks --events 'order.*'"],
  async run(context) {
    const { client, given, args, signal, out, json } = context;
    const events = given.list("events");
    if (events.length === 0)
      throw new UsageError("Say what it is to be told: --events 'order.*', or --events '**' for all.");
    const description = given.text("description");
    const endpoint = await client.endpoints.create(
      { url: args[0] ?? "", events, ...(description === undefined ? {} : { description }) },
      { signal },
    );
    show(context, endpoint);
    if (!json) out.note("Keep the secret: it is not shown again. It verifies the webhooks' signatures.");
    return 0;
  },
};

const get: Command = {
  name: "endpoints get",
  summary: "Show an endpoint",
  args: [endpointId],
  options: {},
  examples: [],
  async run(context) {
    show(context, await context.client.endpoints.get(context.args[0] ?? "", { signal: context.signal }));
    return 0;
  },
};

const update: Command = {
  name: "endpoints update",
  summary: "Change an endpoint",
  args: [endpointId],
  options: {
    events: eventsOption,
    description: descriptionOption,
    enable: { type: "boolean", description: "Send again" },
    disable: { type: "boolean", description: "Send nothing; what is pending is discarded" },
  },
  examples: ["postback endpoints update 0192ef00-77aa-7b01-9c3d-0a1b2c3d4e5f --enable"],
  async run(context) {
    const { client, args, signal } = context;
    show(context, await client.endpoints.update(args[0] ?? "", changesOf(context), { signal }));
    return 0;
  },
};

function changesOf({ given }: Context): UpdateEndpoint {
  const [enable, disable, events, description] = [
    given.flag("enable"),
    given.flag("disable"),
    given.list("events"),
    given.text("description"),
  ];
  if (enable && disable) throw new UsageError("--enable or --disable, not both.");
  const changes: UpdateEndpoint = {
    ...(enable || disable ? { enabled: enable } : {}),
    ...(events.length === 0 ? {} : { events }),
    ...(description === undefined ? {} : { description }),
  };
  if (Object.keys(changes).length === 0)
    throw new UsageError("Say what to change: --events, --description, --enable, --disable.");
  return changes;
}

const remove: Command = {
  name: "endpoints delete",
  summary: "Take an endpoint away; its pending deliveries are discarded",
  args: [endpointId],
  options: {},
  examples: [],
  async run({ client, args, signal, out, json }): Promise<ExitCode> {
    const [id = ""] = args;
    await client.endpoints.delete(id, { signal });
    out.line(json ? JSON.stringify({ id, deleted: true }) : `${id} is gone.`);
    return 0;
  },
};

function show({ out, json }: Context, endpoint: Endpoint): void {
  if (json) return out.line(JSON.stringify(endpoint));
  const rows = Object.entries(endpoint).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  out.line(table(["field", "value"], rows));
}

export const endpointCommands: readonly Command[] = [list, create, get, update, remove];
