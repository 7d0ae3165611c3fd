import { parseSubnet, type Subnet } from "@postback/domain";
import { afterEach } from "vitest";
import { type AgentPool, createAgentPool, type PostTarget } from "./agent-pool.ts";
import { type AttemptResult, postWebhook } from "./post-webhook.ts";
import { type RawReceiver, type Script, startRawReceiver } from "./raw-receiver.ts";
import { createResolveHost } from "./resolve-host.ts";

export const loopback = ["127.0.0.0/8", "::1"]
  .map(parseSubnet)
  .filter((subnet): subnet is Subnet => subnet !== undefined);
export const body = Buffer.from('{"type":"order.placed","data":{"name":"Zoë"}}');
const headers = { "webhook-id": "e1", "webhook-timestamp": "1700000000", "webhook-signature": "v1,abc" };

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const disposable of disposables.splice(0).reverse()) await disposable[Symbol.asyncDispose]();
});

export async function receiver(script: Script): Promise<RawReceiver> {
  const started = await startRawReceiver(script);
  disposables.push(started);
  return started;
}

type AgentsSetup = { allowedSubnets?: readonly Subnet[]; addresses?: readonly string[]; endpointsMax?: number };

export function agentsFor({ allowedSubnets = loopback, addresses, ...rest }: AgentsSetup = {}): AgentPool {
  const lookUp = addresses ? { lookUp: async () => addresses } : {};
  const resolveHost = createResolveHost({ allowedSubnets, ...lookUp });
  const agents = createAgentPool({ allowHttp: true, allowedSubnets, resolveHost, ...rest });
  disposables.push({ [Symbol.asyncDispose]: () => agents.close() });
  return agents;
}

function target(url: string, changes: Partial<PostTarget> = {}): PostTarget {
  return { id: "endpoint-1", url, timeoutMs: 2000, concurrency: 2, ...changes };
}

export function post(url: string, changes: Partial<PostTarget> = {}, agents = agentsFor()): Promise<AttemptResult> {
  return postWebhook({ agents, endpoint: target(url, changes), headers, body });
}

/** Answers each request with these bytes. */
export const answering =
  (...parts: (string | Buffer)[]): Script =>
  (socket) => {
    for (const part of parts) socket.write(part);
  };

export const answer = (statusLine: string, text = "", ...lines: string[]) =>
  `HTTP/1.1 ${statusLine}\r\n${lines.map((line) => `${line}\r\n`).join("")}content-length: ${text.length}\r\n\r\n${text}`;
