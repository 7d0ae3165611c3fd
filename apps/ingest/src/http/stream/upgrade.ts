import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { limits, problems } from "@postback/contracts";
import { type WebSocket, WebSocketServer } from "ws";
import { type Caller, type KnownKeys, requireAnyScope } from "../../auth/known-keys.ts";
import type { Refusal } from "../../refusal.ts";
import { problemOf, refusalOf } from "../middleware/answer-problems.ts";
import { tooManyStreams } from "../stream-to.ts";
import { SocketSession, type SocketSessionOptions } from "./socket-session.ts";

export interface UpgradeOptions extends SocketSessionOptions {
  keys: Pick<KnownKeys, "callerOf">;
}

/** What a server does with a request to upgrade its connection. */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Between two pings, milliseconds; a client that answered none meanwhile is gone. */
const pingEveryMs = 15_000;
/** "Going away" (RFC 6455 §7.4.1): connect again, elsewhere. */
const goingAway = 1001;
/** How long a client may take to answer a close, milliseconds. */
const closeMaxMs = 1_000;

/** `GET /v1/stream`: authenticated by its Authorization header like any request, then a WebSocket. */
export function upgradeToStream(options: UpgradeOptions): OnUpgrade {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.streamMessageMaxBytes,
    perMessageDeflate: false,
  });
  return (request, socket, head) => {
    // The connection is the client's to break at any moment; 'close' follows.
    socket.on("error", () => socket.destroy());
    void admit(options, request).then(
      (caller) =>
        server.handleUpgrade(request, socket, head, (webSocket) => serve(options, request, webSocket, caller)),
      (error: unknown) => refuse(socket, refusalOf(error, { route: "/v1/stream" }, options.logger)),
    );
  };
}

/** Whether a request is one for the WebSocket. */
export const isForStream = ({ method, url, headers }: IncomingMessage): boolean =>
  method === "GET" && url?.split("?")[0] === "/v1/stream" && headers.upgrade?.toLowerCase() === "websocket";

/** @throws {Refusal} unauthenticated, forbidden, unavailable */
async function admit({ keys }: UpgradeOptions, request: IncomingMessage): Promise<Caller> {
  const caller = await keys.callerOf(request.headers.authorization);
  requireAnyScope(caller, ["operations:read"]);
  return caller;
}

function serve(options: UpgradeOptions, request: IncomingMessage, socket: WebSocket, caller: Caller): void {
  const taken = options.push.streams.take(caller, request.headers.authorization, () => close(socket));
  if (typeof taken === "string") {
    const refusal = tooManyStreams();
    socket.send(JSON.stringify({ type: "error", problem: problemOf(refusal.code, refusal) }));
    return close(socket);
  }
  const endPings = ping(socket);
  void new SocketSession(options, socket, caller).run().finally(() => {
    endPings();
    taken();
  });
}

function close(socket: WebSocket): void {
  socket.close(goingAway, "connect again");
  setTimeout(() => socket.terminate(), closeMaxMs).unref();
}

/** @returns what ends it */
function ping(socket: WebSocket): () => void {
  let answered = true;
  socket.on("pong", () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, pingEveryMs);
  return () => clearInterval(timer);
}

function refuse(socket: Duplex, refusal: Refusal): void {
  const { status } = problems[refusal.code];
  const body = JSON.stringify(problemOf(refusal.code, refusal));
  const seconds = refusal.retryAfterSeconds;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(refusal.headers).map(([name, value]) => `${name}: ${value}`),
    ...(seconds === undefined ? [] : [`retry-after: ${seconds}`]),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
