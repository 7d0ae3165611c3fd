import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Health } from "./health.ts";

export interface HealthServer extends AsyncDisposable {
  port: number;
}

const requestTimeoutMs = 5000;

/**
 * A small server for `/livez`, `/readyz` and `/metrics` of a process without an HTTP API.
 * @throws when the port can't be had.
 */
export async function startHealthServer(health: Health, port: number): Promise<HealthServer> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => answer(health, request, response),
  );
  server.listen(port);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(health: Health, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const found = await health((request.url ?? "").split("?", 1)[0] ?? "");
    if (found === undefined) return void response.writeHead(404).end();
    const body = Buffer.from(found.body);
    response.writeHead(found.status, { "content-type": found.contentType, "content-length": body.byteLength });
    response.end(request.method === "HEAD" ? undefined : body);
  } catch (error) {
    response.writeHead(500, { "content-type": "text/plain" });
    response.end(`health can't be told: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
