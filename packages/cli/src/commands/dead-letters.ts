import type { DeadLetter } from "@postback/client";
import type { Command, Context, ExitCode } from "../command.ts";
import { parseTime } from "../parse-time.ts";
import { limitOption, showList } from "./show-list.ts";

const statuses = ["open", "redriven", "discarded"] as const;

const list: Command = {
  name: "dead-letters",
  summary: "List messages that were given up, the newest first (scope operator or platform)",
  args: [],
  options: {
    status: { type: "string", value: "STATUS", choices: statuses, description: "Only these" },
    since: { type: "string", value: "TIME", description: "Given up since: 2026-11-24T09:30:00Z, or 2h, 3d ago" },
    limit: limitOption,
  },
  examples: ["postback dead-letters --status open --since 1d"],
  async run(context) {
    const { client, given, signal, now } = context;
    const status = statuses.find((each) => each === given.text("status"));
    const since = given.text("since");
    const query = { status, since: since === undefined ? undefined : parseTime(since, "since", now()) };
    await showList(
      context,
      client.deadLetters.list(query, { signal }),
      ["id", "given up", "status", "reason", "detail"],
      (each) => [each.id, each.createdAt, each.status, each.reason, (each.detail ?? "").slice(0, 80)],
    );
    return 0;
  },
};

const letterId = { name: "id", description: "of the dead letter, dlt_…", required: true };

const redrive: Command = {
  name: "dead-letters redrive",
  summary: "Send a dead letter again, as a new message at the log's end",
  args: [letterId],
  options: {},
  examples: [],
  run: async (context) =>
    show(context, await context.client.deadLetters.redrive(context.args[0] ?? "", { signal: context.signal })),
};

const discard: Command = {
  name: "dead-letters discard",
  summary: "Decide that a dead letter is not to be sent again",
  args: [letterId],
  options: {},
  examples: [],
  run: async (context) =>
    show(context, await context.client.deadLetters.discard(context.args[0] ?? "", { signal: context.signal })),
};

function show({ out, json }: Context, letter: DeadLetter): ExitCode {
  const { id, status, redrivenTo } = letter;
  const place = redrivenTo === undefined ? "" : ` to partition ${redrivenTo.partition}, offset ${redrivenTo.offset}`;
  out.line(json ? JSON.stringify(letter) : `${id} is ${status}${place}.`);
  return 0;
}

export const deadLetterCommands: readonly Command[] = [list, redrive, discard];
