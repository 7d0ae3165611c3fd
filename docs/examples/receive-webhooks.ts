import { createServer, type IncomingMessage, type Server } from "node:http";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

export interface ReceivedEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: unknown;
  readonly entity?: { readonly type: string; readonly id: string };
  readonly operation?: { readonly id: string; readonly type: string };
}

export interface ReceiverOptions {
  /** Of the endpoint, `whsec_…`: the answer to its creation shows it once. */
  readonly secret: string;
  /** Does `work` unless it was done under this id before; the same id comes again when an answer of yours was lost. */
  once(webhookId: string, work: () => Promise<void>): Promise<void>;
  handle(event: ReceivedEvent): Promise<void>;
  /** Told of what `handle` throws. */
  report(error: unknown): void;
}

const bodyMaxBytes = 1024 * 1024;

/** An HTTP server that takes webhooks at every path; it doesn't listen yet. */
export function createReceiver(options: ReceiverOptions): Server {
  return createServer(async (request, response) => {
    response.writeHead(await statusOf(request, options)).end();
  });
}

/** 2xx: done, don't send it again. 401: not from Postback. 5xx: send it again, by the schedule. */
async function statusOf(request: IncomingMessage, options: ReceiverOptions): Promise<number> {
  const { secret, once, handle, report } = options;
  const body = await readBody(request);
  if (body === undefined) return 413;
  try {
    const event = new Webhook(secret).verify(body, headersOf(request)) as ReceivedEvent;
    await once(String(request.headers["webhook-id"]), () => handle(event));
    return 204;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return 401;
    report(error);
    return 500;
  }
}

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [name, String(headers[name])]),
  );

/** The exact bytes: a body that was parsed and written again has another signature. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
