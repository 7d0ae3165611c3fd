import type { Socket } from "node:net";
import { buildConnector } from "undici";
import { NoConnectionError } from "./no-connection.ts";

/** Connects to an address that was judged, and to nothing else; the name in `options` is for TLS alone. */
export type Dial = (address: string, options: buildConnector.Options, callback: buildConnector.Callback) => void;

/** Makes a way to an address and port; resolves to why there is none, and never rejects. */
export type OpenSocket = (address: string, port: number) => Promise<Socket | NoConnectionError>;

/** Of the handshake. undici's timer for it ticks twice a second, so it may take up to a second longer. */
const TLS_TIMEOUT_MS = 5000;
const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/**
 * Dials in two phases, TCP and then TLS in it, so that what fails is told by its phase and not by a list of error codes,
 * of which TLS has hundreds. Make one for each endpoint: it remembers the receiver's TLS sessions.
 */
export function dialBy(open: OpenSocket): Dial {
  const startTls = buildConnector({ allowH2: false, timeout: TLS_TIMEOUT_MS });
  return (address, options, callback) => {
    const isTls = options.protocol === "https:";
    const port = Number(options.port) || (isTls ? HTTPS_PORT : HTTP_PORT);
    void open(address, port).then((socket) => {
      if (socket instanceof NoConnectionError) return callback(socket, null);
      if (!isTls) return callback(null, socket);
      startTls({ ...options, hostname: address, httpSocket: socket }, (error, secured) => {
        if (!error) return callback(null, secured);
        socket.destroy();
        callback(new NoConnectionError(error.message, { kind: "unreachable", cause: "tls" }, error), null);
      });
    });
  };
}
