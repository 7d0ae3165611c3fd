import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { isSameAddress } from "@postback/domain";
import { NoConnectionError } from "./no-connection.ts";

/** To have a connection: of TCP; with a proxy also of its answer. */
export const CONNECT_TIMEOUT_MS = 5000;
/** The kernel looks whether an idle connection's other end still lives, as undici would set it. */
const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * Connects from this machine straight to an address that was judged, and looks at who answered before a byte is written.
 * Never rejects.
 */
export async function openSocket(address: string, port: number): Promise<Socket | NoConnectionError> {
  const socket = await connected({ host: address, port });
  if (socket instanceof Error) {
    return new NoConnectionError(socket.message, { kind: "unreachable", cause: "connect" }, socket);
  }
  const problem = checkPeer(socket, address);
  if (problem) socket.destroy();
  return problem ?? socket;
}

/**
 * One TCP connection; of a name's addresses, those that are trusted, whichever answers.
 * @returns the error that there is none by. Whoever uses the socket hears of its end by its close.
 */
export function connected(to: Pick<TcpNetConnectOpts, "host" | "port">): Promise<Socket | Error> {
  const { promise, resolve } = Promise.withResolvers<Socket | Error>();
  // What is to be written is small, and whole when it is written.
  const socket = connect({ ...to, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS });
  const timer = setTimeout(() => socket.destroy(new Error("no connection in time")), CONNECT_TIMEOUT_MS);
  socket.once("connect", () => {
    clearTimeout(timer);
    resolve(socket);
  });
  // Stays: an error that nobody listens to would end the process.
  socket.on("error", (error) => {
    clearTimeout(timer);
    resolve(error);
  });
  return promise;
}

/** Belt and braces: what was judged is what was dialled, unless something between us and the kernel says otherwise. */
function checkPeer({ remoteAddress }: Socket, dialled: string): NoConnectionError | undefined {
  if (remoteAddress === undefined) {
    return new NoConnectionError("the connection was gone at once", { kind: "unreachable", cause: "reset" });
  }
  if (isSameAddress(remoteAddress, dialled)) return undefined;
  const reason = `dialled ${dialled} and reached ${remoteAddress}`;
  return new NoConnectionError(reason, { kind: "blocked", reason });
}
