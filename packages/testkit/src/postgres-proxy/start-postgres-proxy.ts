import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type CommitBoundary, type Decide, type Interference, ProxiedConnection } from "./proxied-connection.ts";

export interface PostgresProxy extends AsyncDisposable {
  /** The target's, with the proxy's address. */
  readonly url: string;
  /** Asked at every boundary from now on, in their order; `undefined` lets all pass, as it is in the beginning. */
  intercept(decide: Decide | undefined): void;
}

/**
 * Stands between a process and Postgres, knows where transactions commit, and can break the connection there, or call
 * the test, right before or right after. So there are no failpoints in the code that is deployed: what a process suffers
 * here is what networks and servers do to it.
 */
export async function startPostgresProxy(targetUrl: string): Promise<PostgresProxy> {
  const { hostname, port } = new URL(targetUrl);
  const target = { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port === "" ? 5432 : port) };
  const connections = new Set<ProxiedConnection>();
  let intercepting: Decide | undefined;
  const server = createServer((client) => {
    const connection = new ProxiedConnection(client, target, (boundary) => intercepting?.(boundary));
    connections.add(connection);
    void connection.carry().finally(() => connections.delete(connection));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = new URL(targetUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    intercept: (decide) => {
      intercepting = decide;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), "close");
      for (const connection of connections) connection.cut();
      await closed;
    },
  };
}

/** Interferes at the n-th boundary (from 1) after it was made, and lets all others pass. */
export class AtBoundary {
  /** Those that have passed by, the one that is interfered at among them. */
  readonly seen: CommitBoundary[] = [];
  readonly #number: number;
  readonly #interference: Interference;

  constructor(number: number, interference: Interference) {
    this.#number = number;
    this.#interference = interference;
  }

  /** The one that was interfered at; undefined as long as it isn't reached. */
  get met(): CommitBoundary | undefined {
    return this.seen[this.#number - 1];
  }

  /** For {@link PostgresProxy.intercept}. */
  readonly decide: Decide = (boundary) => (this.seen.push(boundary) === this.#number ? this.#interference : undefined);
}
