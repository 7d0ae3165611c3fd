import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { limits } from "@postback/contracts";
import type { Logger, Part } from "@postback/runtime";
import { problemOf } from "./middleware/answer-problems.ts";
import { isForStream, type OnUpgrade } from "./stream/upgrade.ts";

export interface HttpTimeouts {
  /** Time for the headers of a request, milliseconds: a client that drips them is cut off. */
  headersMs: number;
  /** Time for a whole request to arrive, milliseconds. */
  requestMs: number;
  /** How often overdue requests are looked for, milliseconds. */
  checkEveryMs: number;
}

const usualTimeouts: HttpTimeouts = { headersMs: 10_000, requestMs: 30_000, checkEveryMs: 2000 };
/** Node's default is 16 KiB: a cursor in Last-Event-ID or the query has to fit. */
const headersMaxBytes = limits.cursorMaxChars + 16 * 1024;
/** How long an idle connection is kept, milliseconds; longer than the 60 s of the usual load balancers, which must be the first to close. */
const keepAliveTimeoutMs = 75_000;
/** Requests on one connection are not limited: clients that keep theirs are the cheap ones. */
const maxRequestsPerSocket = 0;
/** While stopping: how often connections that have become idle are closed, milliseconds. */
const closeIdleEveryMs = 50;

export interface HttpServer {
  port: number;
  /** Serves until the signal is aborted; then takes no new connection, and resolves when all requests are answered. */
  part: Part;
}

export interface ListenOptions {
  port: number;
  host?: string | undefined;
  /** Takes requests to upgrade to a WebSocket, and what becomes of their connections. */
  onUpgrade?: OnUpgrade;
  logger: Logger;
  timeouts?: HttpTimeouts | undefined;
}

/** @throws when the port can't be had: EADDRINUSE, EACCES. */
export async function listenHttp(
  listener: RequestListener,
  { port, host, onUpgrade, logger, timeouts = usualTimeouts }: ListenOptions,
): Promise<HttpServer> {
  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: timeouts.checkEveryMs,
      maxHeaderSize: headersMaxBytes,
      noDelay: true,
      // All else that asks for an upgrade (h2c, as Java's client does) is a request like any other.
      shouldUpgradeCallback: (request) => onUpgrade !== undefined && isForStream(request),
    },
    listener,
  );
  server.maxRequestsPerSocket = maxRequestsPerSocket;
  server.on("clientError", answerClientError);
  if (onUpgrade !== undefined) server.on("upgrade", onUpgrade);
  server.listen(port, host);
  await once(server, "listening");
  const bound = (server.address() as AddressInfo).port;
  logger.info({ port: bound }, "http.listening");
  return { port: bound, part: { name: "http", run: (signal) => serveUntil(server, signal) } };
}

async function serveUntil(server: Server, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
  const closed = once(server, "close");
  // Tells clients with kept connections to open another one, elsewhere.
  server.prependListener("request", (_request, response) => void response.setHeader("connection", "close"));
  server.close();
  const closing = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
  await closed;
  clearInterval(closing);
}

/** What never became a request: too slow, or not HTTP. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  if (error.code !== "ERR_HTTP_REQUEST_TIMEOUT")
    return void socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
  const body = JSON.stringify(
    problemOf("request-timeout", { message: "Send the whole request sooner.", errors: undefined }),
  );
  const head = [
    "HTTP/1.1 408 Request Timeout",
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
