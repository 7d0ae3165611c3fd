import { problemSchema } from "../../packages/contracts/src/index.ts";

const answerTimeoutMs = 15_000;

interface ApiAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly durationMs: number;
  readonly body: unknown;
}

export type Api = (method: "GET" | "POST" | "PATCH", path: string, body?: object) => Promise<ApiAnswer>;

/** Postback's HTTP API as any client would call it. 404 is an answer; every other refusal is thrown. */
export function apiOf({ url, apiKey }: { url: string; apiKey: string }): Api {
  return async (method, path, body) => {
    const startedAtMs = performance.now();
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(answerTimeoutMs),
      ...(body && { body: JSON.stringify(body) }),
    });
    const durationMs = performance.now() - startedAtMs;
    const read: unknown = await answer.json();
    if (!answer.ok && answer.status !== 404) throw refused(`${method} ${path}`, answer.status, read);
    return { status: answer.status, location: answer.headers.get("location"), durationMs, body: read };
  };
}

function refused(request: string, status: number, body: unknown): Error {
  const problem = problemSchema.safeParse(body);
  const reason = problem.success ? `${problem.data.title}: ${problem.data.detail}` : JSON.stringify(body);
  return new Error(`${request} was answered ${status}. ${reason}`);
}
