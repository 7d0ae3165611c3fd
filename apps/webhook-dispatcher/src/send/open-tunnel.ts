import { isIPv6, type Socket } from "node:net";
import type { OpenSocket } from "./dial.ts";
import type { EgressProxy } from "./egress-proxy.ts";
import { NoConnectionError } from "./no-connection.ts";
import { CONNECT_TIMEOUT_MS, connected } from "./open-socket.ts";

/** A proxy's answer to CONNECT is a status and a few fields. */
const ANSWER_MAX_BYTES = 16 * 1024;
const HEAD_END = "\r\n\r\n";
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/;
/** By these a proxy says that it is well and the target isn't (RFC 9110 §15.6.3–5); Squid, Envoy and HAProxy do. */
const TARGET_UNREACHABLE = new Set([502, 503, 504]);

/**
 * Goes through tunnels of a proxy, for http as for https: a proxy that were given the whole http request could read and
 * change it. CONNECT (RFC 9110 §9.3.6) names the judged address and not the host, or the proxy would resolve the name
 * anew and the judgement were void.
 * @param onProxyFailure told of each tunnel that the proxy itself is the reason for not having; without credentials
 */
export function openTunnelThrough(proxy: EgressProxy, onProxyFailure: (reason: string) => void): OpenSocket {
  return async (address, port) => {
    const tunnel = await openTunnel(proxy, `${isIPv6(address) ? `[${address}]` : address}:${port}`);
    if (tunnel instanceof NoConnectionError && isOfProxy(tunnel)) onProxyFailure(tunnel.message);
    return tunnel;
  };
}

async function openTunnel(proxy: EgressProxy, authority: string): Promise<Socket | NoConnectionError> {
  const socket = await connected({ host: proxy.host, port: proxy.port });
  if (socket instanceof Error) return proxyFailed(socket.message, socket);
  const credentials = proxy.authorization === undefined ? "" : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
  const problem = await problemOfAnswer(socket);
  if (problem) socket.destroy();
  return problem ?? socket;
}

/** Reads the answer to CONNECT and not a byte more; undefined when the tunnel is open. */
function problemOfAnswer(socket: Socket): Promise<NoConnectionError | undefined> {
  const { promise, resolve } = Promise.withResolvers<NoConnectionError | undefined>();
  let received = "";
  const onData = (chunk: Buffer) => {
    received += chunk.toString("latin1");
    const judged = judgeAnswer(received);
    if (judged === "more") return;
    // Before the promise's turn comes, so that what the target says isn't read here.
    socket.off("data", onData).pause();
    resolve(judged);
  };
  const onClose = () => resolve(proxyFailed("closed the connection without an answer"));
  const timer = setTimeout(() => resolve(proxyFailed("gave no answer in time")), CONNECT_TIMEOUT_MS);
  socket.on("data", onData).once("close", onClose);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off("data", onData).off("close", onClose);
  });
}

function judgeAnswer(received: string): "more" | NoConnectionError | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd === -1) return received.length > ANSWER_MAX_BYTES ? proxyFailed("gave an endless answer") : "more";
  const status = Number(STATUS_LINE.exec(received)?.[1]);
  if (Number.isNaN(status)) return proxyFailed("gave an answer that is no HTTP");
  if (TARGET_UNREACHABLE.has(status)) {
    return new NoConnectionError(`the proxy answered ${status}`, { kind: "unreachable", cause: "connect" });
  }
  if (status < 200 || status >= 300) return proxyFailed(`answered ${status}`);
  // Neither TLS nor HTTP/1.1 lets a server speak first.
  if (received.length > headEnd + HEAD_END.length) return proxyFailed("sent more than its answer");
  return undefined;
}

/** Not the receiver's doing: the proxy is away, or won't have us. */
const proxyFailed = (what: string, cause?: Error): NoConnectionError =>
  new NoConnectionError(`the egress proxy: ${what}`, { kind: "unreachable", cause: "proxy" }, cause);

const isOfProxy = ({ outcome }: NoConnectionError): boolean =>
  outcome.kind === "unreachable" && outcome.cause === "proxy";
