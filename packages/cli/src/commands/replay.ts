import { setTimeout as sleep } from "node:timers/promises";
import type { CreateReplay, Replay } from "@postback/client";
import { type Command, type Context, type ExitCode, UsageError } from "../command.ts";
import { progressBar } from "../output/progress-bar.ts";
import { parseTime } from "../parse-time.ts";

const statuses = ["never", "delivered", "exhausted", "expired", "discarded"] as const;
const lookEveryMs = 500;

export const replay: Command = {
  name: "replay",
  summary: "Have past events sent to an endpoint again, and show how far it is",
  args: [{ name: "endpoint-id", description: "who gets them", required: true }],
  options: {
    since: { type: "string", value: "TIME", description: "From: 2026-11-24T09:30:00Z, or 2h, 3d ago" },
    until: { type: "string", value: "TIME", description: "Up to; default: now" },
    status: {
      type: "string",
      value: "STATUS",
      multiple: true,
      choices: statuses,
      description: "Only events in this state at the endpoint; never: not delivered, not on their way",
    },
    types: { type: "string", value: "PATTERN", multiple: true, description: "Only these event types, like order.*" },
    "dry-run": { type: "boolean", description: "Count only" },
    detach: { type: "boolean", description: "Don't wait for its end" },
  },
  examples: ["postback replay 0192ef00-77aa-7b01-9c3d-0a1b2c3d4e5f --since 1d --status never"],
  async run(context) {
    const { client, args, given, signal, out, json } = context;
    const [id = ""] = args;
    const dryRun = given.flag("dry-run");
    const body = { ...selectionOf(context), ...(dryRun ? { dryRun } : {}) };
    const made = await client.call("POST /v1/endpoints/{id}/replays", { path: { id }, body }, { signal });
    if ("count" in made) {
      const count = `${made.countIsExact ? "" : "at least "}${made.count}`;
      out.line(json ? JSON.stringify(made) : `It would cover ${count} events, from ${made.coversFrom} on.`);
      return 0;
    }
    if (made.isBeyondRetention) out.note(`Older events are no longer there: it begins at ${made.coversFrom}.`);
    return given.flag("detach") ? show(context, made) : await toItsEnd(context, made);
  },
};

function selectionOf({ given, now }: Context): CreateReplay {
  const [since, until, types] = [given.text("since"), given.text("until"), given.list("types")];
  if (since === undefined) throw new UsageError("Say from when on: --since 2h, or --since 2026-11-24T09:30:00Z.");
  const wanted = statuses.filter((status) => given.list("status").includes(status));
  return {
    since: parseTime(since, "since", now()),
    ...(until === undefined ? {} : { until: parseTime(until, "until", now()) }),
    ...(wanted.length === 0 ? {} : { statuses: wanted }),
    ...(types.length === 0 ? {} : { events: types }),
  };
}

/** Shows a bar where a terminal is; interrupted, the replay goes on. */
async function toItsEnd(context: Context, { id: replayId, endpointId: id }: Replay): Promise<ExitCode> {
  const { client, out, signal } = context;
  for (;;) {
    const seen = await client.call("GET /v1/endpoints/{id}/replays/{replayId}", { path: { id, replayId } }, { signal });
    out.progress(
      `${progressBar(seen.done, seen.total, seen.totalIsExact)}${seen.status === "paused" ? " paused" : ""}`,
    );
    if (seen.status === "completed" || seen.status === "cancelled") {
      out.progress(undefined);
      return show(context, seen);
    }
    await sleep(lookEveryMs, undefined, { signal });
  }
}

function show({ out, json }: Context, { id, status, done, total, totalIsExact, ...rest }: Replay): ExitCode {
  const of = `${done} of ${totalIsExact ? "" : "at least "}${total} events`;
  out.line(
    json ? JSON.stringify({ id, status, done, total, totalIsExact, ...rest }) : `${id} is ${status}: ${of} sent.`,
  );
  return status === "cancelled" ? 3 : 0;
}
