import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { newId } from "../../packages/domain/src/index.ts";
import type { Stack } from "../../packages/local-stack/src/index.ts";
import { openPostJson, type PostJson } from "../generator/post-json.ts";

const connections = 32;
/** First attempts are spread over as much as lies between later ones. */
const spreadMs = 300_000;
const settledWithinMs = 90_000;
const pollMs = 250;

/** Entities whose operations are retried in vain, until they are let go. */
export interface StalledEntities {
  /** Cancels their operations. Resolves when all have ended. */
  letGo(): Promise<void>;
}

/** Submits an operation that never is done for each of `count` entities. Resolves when all of them wait for a retry. */
export async function stallEntities(stack: Stack, count: number, signal: AbortSignal): Promise<StalledEntities> {
  const ids = Array.from({ length: count }, () => newId());
  const bodies = ids.map((id, at) => {
    const input = { entity: `stalled-${id}`, firstDelayMs: Math.floor((spreadMs * at) / count) };
    return { path: "/v1/operations", body: JSON.stringify({ type: "bench.stall", id, input }) };
  });
  await postAll(stack, bodies);
  await untilAll(stack, "waiting", count, signal);
  return {
    letGo: async () => {
      const cancels = ids.map((id) => ({ path: `/v1/operations/${id}/cancel`, body: "{}" }));
      await postAll(stack, cancels);
      await untilAll(stack, "cancelled", count, signal);
    },
  };
}

interface Request {
  readonly path: string;
  readonly body: string;
}

async function postAll({ url, apiKey }: Stack, requests: readonly Request[]): Promise<void> {
  await using opened = openPostJson(url, apiKey, connections);
  const left = [...requests].reverse();
  const sendNext = async (): Promise<void> => {
    for (let request = left.pop(); request; request = left.pop()) await accepted(opened.post, request);
  };
  await Promise.all(Array.from({ length: connections }, sendNext));
}

function accepted(post: PostJson, { path, body }: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    post(path, body, (answer) => {
      if (answer === 202) resolve();
      else reject(new Error(`${path} was answered ${answer}`));
    });
  });
}

/** By the tables: no call of the API counts operations. */
async function untilAll({ databaseUrl }: Stack, status: string, count: number, signal: AbortSignal): Promise<void> {
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  const text = "SELECT count(*)::int AS count FROM operations WHERE type = 'bench.stall' AND status = $1";
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(settledWithinMs)]);
  try {
    const found = async () => (await db.query<{ count: number }>(text, [status])).rows[0]?.count;
    while ((await found()) !== count) await sleep(pollMs, undefined, { signal: deadline });
  } finally {
    await db.end();
  }
}
