import type { Delivery } from "@postback/client";
import type { Command } from "../command.ts";
import { attemptsOf } from "../output/operation-text.ts";
import { paintStatus } from "../output/paint.ts";
import { table } from "../output/table.ts";
import { limitOption, showList } from "./show-list.ts";

const statuses = ["pending", "sending", "delivered", "exhausted", "expired", "discarded"] as const;

const list: Command = {
  name: "deliveries",
  summary: "List an endpoint's deliveries, the newest events first",
  args: [{ name: "endpoint-id", description: "whose deliveries", required: true }],
  options: {
    status: { type: "string", value: "STATUS", choices: statuses, description: "Only these" },
    limit: limitOption,
  },
  examples: ["postback deliveries 0192ef00-77aa-7b01-9c3d-0a1b2c3d4e5f --status exhausted"],
  async run(context) {
    const { client, given, args, signal } = context;
    const status = statuses.find((each) => each === given.text("status"));
    const found = client.endpoints.deliveries(args[0] ?? "", { status }, { signal });
    await showList(context, found, ["id", "event", "status", "attempts", "next"], (each) => [
      each.id,
      each.eventType,
      each.status,
      String(each.attempts.length),
      each.nextAttemptAt ?? "",
    ]);
    return 0;
  },
};

const get: Command = {
  name: "deliveries get",
  summary: "Show a delivery with every attempt",
  args: [{ name: "id", description: "of the delivery, dlv_…", required: true }],
  options: {},
  examples: [],
  async run({ client, args, signal, out, json }) {
    const delivery = await client.endpoints.delivery(args[0] ?? "", { signal });
    if (json) {
      out.line(JSON.stringify(delivery));
      return 0;
    }
    const { eventType, eventId, status, reason, attempts } = delivery;
    out.line(
      `${eventType} ${eventId}: ${paintStatus(status, out)}${reason === undefined ? "" : ` (${reason})`}, ${attemptsOf(attempts.length)}`,
    );
    if (attempts.length > 0) out.line(attemptTable(attempts));
    return 0;
  },
};

const attemptTable = (attempts: Delivery["attempts"]): string =>
  table(
    ["attempt", "at", "ms", "outcome", "why", "answer"],
    attempts.map(({ number, at, durationMs, outcome, status, cause, response }) => [
      String(number),
      at,
      String(Math.round(durationMs)),
      outcome,
      status === undefined ? (cause ?? "") : String(status),
      (response ?? "").slice(0, 60),
    ]),
  );

export const deliveryCommands: readonly Command[] = [list, get];
