import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { receivedPage } from "./received-page.ts";

const rememberedMax = 100;
/** More than an event may have. */
const bodyMaxBytes = 1024 * 1024;
const pollMs = 10;

export interface ReceivedWebhook {
  readonly at: Date;
  readonly headers: Readonly<Record<string, string>>;
  /** The very bytes, as text: what is signed. */
  readonly body: string;
  /** Undefined when the signature is right. */
  readonly whyUnverified?: string;
}

export interface DemoReceiver extends AsyncDisposable {
  readonly port: number;
  /** To be registered as an endpoint. */
  readonly url: string;
  /** Shows what arrived. */
  readonly pageUrl: string;
  /** Of the endpoint, `whsec_…`; until it is set nothing can be verified. */
  secret: string | undefined;
  /** The newest first, 100 at most. */
  readonly received: readonly ReceivedWebhook[];
  /** Waits for the webhook that matches. @returns undefined when none came within `timeoutMs` */
  waitFor(matches: (webhook: ReceivedWebhook) => boolean, timeoutMs: number): Promise<ReceivedWebhook | undefined>;
}

/**
 * A partner's side of a webhook, for the demonstration: verifies each with the npm package `standardwebhooks`, answers
 * 204 or 401, and shows the last 100 at `GET /`.
 *
 * @param wantedPort that of the start before, so that its endpoint still leads here; when it is taken, a free one
 */
export async function startDemoReceiver(wantedPort = 0): Promise<DemoReceiver> {
  const received: ReceivedWebhook[] = [];
  const receiver = { secret: undefined as string | undefined };
  const server = createServer((request, response) => {
    answer(request, response, receiver, received).catch((error: unknown) => response.destroy(error as Error));
  });
  try {
    await once(server.listen(wantedPort, "127.0.0.1"), "listening");
  } catch (error) {
    if (wantedPort === 0) throw error;
    await once(server.listen(0, "127.0.0.1"), "listening");
  }
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return Object.assign(receiver, {
    port,
    url: `${origin}/hooks`,
    pageUrl: `${origin}/`,
    received,
    waitFor: (matches: (webhook: ReceivedWebhook) => boolean, timeoutMs: number) => found(received, matches, timeoutMs),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { secret }: { secret: string | undefined },
  received: ReceivedWebhook[],
): Promise<void> {
  if (request.method === "GET" && request.url === "/") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(receivedPage(received));
    return;
  }
  if (request.method !== "POST" || request.url !== "/hooks") return void response.writeHead(404).end();
  const body = await readBody(request);
  if (body === undefined) return void response.writeHead(413).end();
  const headers = webhookHeaders(request);
  const webhook = { at: new Date(), headers, body, ...verify(secret, body, headers) };
  received.unshift(webhook);
  received.length = Math.min(received.length, rememberedMax);
  response.writeHead("whyUnverified" in webhook ? 401 : 204).end();
}

function verify(secret: string | undefined, body: string, headers: Record<string, string>) {
  if (secret === undefined) return { whyUnverified: "the endpoint's secret is not known" };
  try {
    new Webhook(secret).verify(body, headers);
    return {};
  } catch (error) {
    return { whyUnverified: error instanceof Error ? error.message : String(error) };
  }
}

function webhookHeaders({ headers }: IncomingMessage): Record<string, string> {
  const names = Object.keys(headers).filter((name) => name.startsWith("webhook-") || name.startsWith("postback-"));
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]));
}

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

async function found(
  received: readonly ReceivedWebhook[],
  matches: (webhook: ReceivedWebhook) => boolean,
  timeoutMs: number,
): Promise<ReceivedWebhook | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const webhook = received.find(matches);
    if (webhook !== undefined || performance.now() > deadlineMs) return webhook;
    await sleep(pollMs);
  }
}
