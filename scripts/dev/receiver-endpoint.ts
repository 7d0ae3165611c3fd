import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { endpointSchema } from "../../packages/contracts/src/index.ts";
import type { Api } from "./api.ts";
import type { DemoReceiver } from "./demo-receiver.ts";

/** What is kept of the demo receiver from one start to the next. */
export interface KeptReceiver {
  readonly endpointId: string;
  readonly secret: string;
  readonly port: number;
}

/** What the start before left; undefined on the first, and when it can't be read. */
export function keptReceiver(file: string): KeptReceiver | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const kept: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isKept(kept) ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isKept = (value: unknown): value is KeptReceiver =>
  typeof value === "object" && value !== null && "endpointId" in value && "secret" in value && "port" in value;

/**
 * Sees that the demo receiver is registered for every event, once: the endpoint of an earlier start is used again, and
 * led to the present port. The secret is shown at the creation only, so it is kept in `file` (mode 0600).
 */
export async function registerReceiver(api: Api, receiver: DemoReceiver, file: string): Promise<void> {
  const kept = keptReceiver(file);
  const known = kept && (await useAgain(api, kept.endpointId, receiver.url));
  const { endpointId, secret } = kept && known ? kept : await register(api, receiver.url);
  receiver.secret = secret;
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify({ endpointId, secret, port: receiver.port }), { mode: 0o600 });
}

async function useAgain(api: Api, endpointId: string, url: string): Promise<boolean> {
  const answer = await api("GET", `/v1/endpoints/${endpointId}`);
  if (answer.status === 404) return false;
  const endpoint = endpointSchema.parse(answer.body);
  if (endpoint.url === url && endpoint.enabled) return true;
  return (await api("PATCH", `/v1/endpoints/${endpointId}`, { url, enabled: true })).status !== 404;
}

async function register(api: Api, url: string): Promise<{ endpointId: string; secret: string }> {
  const description = "The demo receiver of npm start";
  const answer = await api("POST", "/v1/endpoints", { url, events: ["**"], description });
  const { id, secret } = endpointSchema.required({ secret: true }).parse(answer.body);
  return { endpointId: id, secret };
}
