import type { IncomingWebhook } from "@postback/client";
import { type Command, type Context, UsageError } from "../command.ts";
import { forwardWebhook } from "../forward-webhook.ts";

export const listen: Command = {
  name: "listen",
  summary: "Get webhooks on this machine, over a connection from here, as a temporary endpoint",
  args: [],
  options: {
    forward: { type: "string", value: "URL", description: "Where they are posted to, http://localhost:3000/hooks" },
    types: { type: "string", value: "PATTERN", multiple: true, description: "Only these event types; default: all" },
  },
  examples: ["postback listen --forward http://localhost:3000/hooks --types 'order.*'"],
  async run(context) {
    const { client, given, signal, out, json } = context;
    const url = forwardUrl(given.text("forward"));
    const types = given.list("types");
    return await client.listen({
      types: types.length === 0 ? ["**"] : types,
      signal,
      onListening({ id, secret = "" }) {
        if (json) return out.line(JSON.stringify({ endpoint: { id, secret } }));
        out.line(`Listening as endpoint ${id}, to ${url}\nIts secret, as long as this runs: ${secret}`);
        out.note("Ctrl-C ends it; the endpoint is gone then.");
      },
      receive: (webhook) => receive(context, url, webhook),
    });
  },
};

async function receive({ out, json }: Context, url: string, webhook: IncomingWebhook) {
  const startedMs = performance.now();
  const answer = await forwardWebhook(url, webhook);
  const { headers, body } = webhook;
  const [id, attempt, durationMs] = [
    headers["webhook-id"],
    headers["postback-attempt"],
    Math.round(performance.now() - startedMs),
  ];
  const type = typeOf(body);
  if (json) out.line(JSON.stringify({ id, type, attempt: Number(attempt), status: answer.status, durationMs }));
  else
    out.line(
      `${new Date().toISOString()}  ${answer.status}  ${durationMs} ms  ${type}  ${id}${attempt === "1" ? "" : `  attempt ${attempt}`}`,
    );
  if (answer.status === 502 && !json) out.note(answer.body ?? "");
  return answer;
}

/** Of the standard's body; another format's has its type where the receiver looks for it. */
function typeOf(body: string): string {
  const read: unknown = JSON.parse(body);
  return typeof read === "object" && read !== null && "type" in read && typeof read.type === "string" ? read.type : "";
}

function forwardUrl(text: string | undefined): string {
  if (text === undefined)
    throw new UsageError("Say where webhooks are posted to: --forward http://localhost:3000/hooks.");
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new UsageError(`--forward is a URL like http://localhost:3000/hooks, not "${text}".`);
}
