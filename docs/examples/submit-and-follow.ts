import { setTimeout as sleep } from "node:timers/promises";

export interface Api {
  readonly url: string;
  readonly key: string;
}

export interface Operation {
  readonly id: string;
  readonly status: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly rolledBack: boolean };
}

const ended: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled"]);
const triesMax = 10;
const requestTimeoutMs = 15_000;

/**
 * Submits a write. The key stands for it: sent again under the same key, it is the same operation.
 * @throws with the problem when it is refused
 */
export function submit(api: Api, write: { type: string; input: unknown }, idempotencyKey: string): Promise<Operation> {
  const headers = { "content-type": "application/json", "idempotency-key": idempotencyKey };
  return call(api, "/v1/operations", { method: "POST", headers, body: JSON.stringify(write) });
}

/** Waits for the end of the operation: at the server, ten seconds a time. */
export async function follow(api: Api, id: string, signal: AbortSignal): Promise<Operation> {
  for (;;) {
    signal.throwIfAborted();
    const operation = await call(api, `/v1/operations/${id}?wait=10`, { method: "GET" });
    if (ended.has(operation.status)) return operation;
  }
}

/** Tries again what may be tried again: no answer, and 5xx, which is also the status that isn't there yet. */
async function call(api: Api, path: string, init: RequestInit): Promise<Operation> {
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${api.key}` };
  for (let tries = 1; ; tries += 1) {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const answer = await fetch(api.url + path, { ...init, headers, signal }).catch((error: Error) => error);
    if (answer instanceof Response && answer.ok) return (await answer.json()) as Operation;
    const isFinal = answer instanceof Response && answer.status < 500;
    if (isFinal || tries === triesMax) throw await failure(answer);
    await sleep(secondsToWait(answer) * 1_000);
  }
}

const secondsToWait = (answer: Response | Error): number =>
  answer instanceof Response ? Number(answer.headers.get("retry-after") ?? 1) : 1;

async function failure(answer: Response | Error): Promise<Error> {
  if (answer instanceof Error) return answer;
  const { type, detail } = (await answer.json()) as { type: string; detail: string };
  return new Error(`${answer.status} ${type}: ${detail}`);
}
