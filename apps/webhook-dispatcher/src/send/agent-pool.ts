import { checkCustomHeaders, judgeUrl, type UrlPolicy } from "@postback/domain";
import { Pool } from "undici";
import { dialBy, type OpenSocket } from "./dial.ts";
import { guardedConnector } from "./guard-address.ts";
import { openSocket } from "./open-socket.ts";
import type { ResolveHost } from "./resolve-host.ts";

/** Where webhooks are posted to. Hand in the same object as long as nothing in it has changed. */
export type PostTarget = {
  /** Of the endpoint. Endpoints share no connections, so nothing of one can end up at another. */
  readonly id: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of one attempt, to the end of the answer. */
  readonly timeoutMs: number;
  /** Most attempts at once, which is the number of connections. */
  readonly concurrency: number;
};

export type AgentPoolOptions = UrlPolicy & {
  readonly resolveHost: ResolveHost;
  /** The way out; default {@link openSocket}, straight. */
  readonly open?: OpenSocket;
  /** Endpoints whose connections are kept; default 2,000. Those with attempts out are never closed. */
  readonly endpointsMax?: number;
};

/** The connections to one endpoint, and what all its requests have in common. */
export type EndpointAgent = {
  readonly pool: Pool;
  readonly path: string;
  /** Names and values in turn, as undici takes them. */
  readonly headers: readonly string[];
  inFlight: number;
};

export type AgentPool = {
  /** The agent of an endpoint, counted as in use until `inFlight` is lowered; or why nothing may be sent there. */
  acquire(target: PostTarget): EndpointAgent | { readonly blocked: string };
  /** Waits for the attempts that are out, each bounded by its deadline, and closes all connections. */
  close(): Promise<void>;
};

const ENDPOINTS_MAX = 2000;
/** How many idle endpoints are looked for at most when one must go, so that `acquire` never walks them all. */
const EVICTION_SCAN_MAX = 32;

/** Below the 5 s after which common servers (Node, uvicorn, Apache) close idle connections under a request. */
const IDLE_TIMEOUT_MS = 4000;
/** A receiver whose `Keep-Alive: timeout=` promises more is believed up to this. */
const IDLE_TIMEOUT_MAX_MS = 15_000;
/** A connection that is never idle is renewed after this, so that a change in DNS is followed. */
const CONNECTION_AGE_MAX_MS = 5 * 60_000;
const RESPONSE_HEADERS_MAX_BYTES = 16 * 1024;

const DEFAULT_HEADERS = { "content-type": "application/json", "user-agent": "Postback/1.0 (Standard Webhooks)" };

type Entry = { target: PostTarget; readonly agent: EndpointAgent };

/**
 * Keeps one connection pool per endpoint, the longest unused closed first. Plain undici pools: proxy variables of the
 * environment mean nothing to them, redirects aren't followed and nothing is decompressed.
 */
export function createAgentPool(options: AgentPoolOptions): AgentPool {
  const entries = new Map<string, Entry>();
  const closing = new Set<Promise<void>>();

  function retire(id: string, { agent }: Entry): void {
    entries.delete(id);
    const closed = agent.pool.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  function open(target: PostTarget): EndpointAgent | { readonly blocked: string } {
    const agent = openAgent(target, options);
    if ("blocked" in agent) return agent;
    const idle = oldestIdle(entries, options.endpointsMax ?? ENDPOINTS_MAX);
    if (idle) retire(...idle);
    entries.set(target.id, { target, agent });
    return agent;
  }

  function current(target: PostTarget): EndpointAgent | { readonly blocked: string } {
    const entry = entries.get(target.id);
    if (!entry) return open(target);
    if (entry.target !== target && !hasSameSettings(entry.target, target)) {
      retire(target.id, entry);
      return open(target);
    }
    entry.target = target;
    // To the end of the map's order, which is the order of use.
    entries.delete(target.id);
    entries.set(target.id, entry);
    return entry.agent;
  }

  return {
    acquire(target) {
      const agent = current(target);
      if (!("blocked" in agent)) agent.inFlight++;
      return agent;
    },
    async close() {
      for (const [id, entry] of entries) retire(id, entry);
      await Promise.all(closing);
    },
  };
}

function openAgent(target: PostTarget, options: AgentPoolOptions): EndpointAgent | { readonly blocked: string } {
  const verdict = judgeUrl(target.url, options);
  if (!verdict.ok) return { blocked: verdict.message };
  const problem = checkCustomHeaders(target.headers ?? {});
  if (problem) return { blocked: `header ${problem.name ?? ""} ${problem.message}` };
  const { url, host } = verdict;
  const pool = new Pool(url.origin, {
    connect: guardedConnector(host, options.resolveHost, dialBy(options.open ?? openSocket)),
    connections: target.concurrency,
    pipelining: 1,
    allowH2: false,
    clientTtl: CONNECTION_AGE_MAX_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    keepAliveMaxTimeout: IDLE_TIMEOUT_MAX_MS,
    maxHeaderSize: RESPONSE_HEADERS_MAX_BYTES,
    // The attempt has one deadline from start to end of answer; undici's own two would start anew with each chunk.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { pool, path: url.pathname + url.search, headers: headersOf(target), inFlight: 0 };
}

/** Defaults first, which an endpoint may replace (`content-type`), whatever the case of the name. */
function headersOf({ headers = {} }: PostTarget): string[] {
  const byName = new Map(Object.entries<string>(DEFAULT_HEADERS));
  for (const [name, value] of Object.entries(headers)) byName.set(name.toLowerCase(), value);
  return [...byName].flat();
}

function hasSameSettings(a: PostTarget, b: PostTarget): boolean {
  const sameConnection = a.url === b.url && a.concurrency === b.concurrency;
  return sameConnection && headersOf(a).join("\n") === headersOf(b).join("\n");
}

function oldestIdle(entries: ReadonlyMap<string, Entry>, max: number): [string, Entry] | undefined {
  if (entries.size < max) return undefined;
  let seen = 0;
  for (const [id, entry] of entries) {
    if (entry.agent.inFlight === 0) return [id, entry];
    if (++seen === EVICTION_SCAN_MAX) return undefined;
  }
  return undefined;
}
