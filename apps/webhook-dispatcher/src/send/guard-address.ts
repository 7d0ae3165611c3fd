import type { Socket } from "node:net";
import { type AttemptOutcome, isSameAddress, type UrlHost } from "@postback/domain";
import { buildConnector } from "undici";
import type { ResolveHost } from "./resolve-host.ts";

/** No connection was made; `outcome` is what the attempt ends with. */
export class NoConnectionError extends Error {
  override readonly name = "NoConnectionError";
  readonly code = "ERR_NO_CONNECTION";
  readonly outcome: AttemptOutcome;

  constructor(message: string, outcome: AttemptOutcome, cause?: Error) {
    super(message, { cause });
    this.outcome = outcome;
  }
}

/** TCP and TLS together. undici's timer for it ticks twice a second, so it may take up to a second longer. */
const CONNECT_TIMEOUT_MS = 5000;

/**
 * Connects to one host, and only to an address that was judged (promise I9): resolves, dials exactly that address with
 * the name kept for SNI, certificate and Host, and looks at who answered before a byte of the request is written.
 * @param host of a URL that `judgeUrl` allowed: an address in it was judged there
 */
export function guardedConnector(host: UrlHost, resolveHost: ResolveHost): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    // One judged address is dialled; there is nothing to choose from.
    autoSelectFamily: false,
  });
  let dials = 0;
  return (options, callback) => {
    void addressToDial(host, resolveHost, dials++).then((found) => {
      if (found instanceof NoConnectionError) return callback(found, null);
      connect({ ...options, hostname: found }, (error, socket) => {
        if (error) return callback(connectError(error, options.protocol), null);
        const problem = checkPeer(socket, found);
        if (!problem) return callback(null, socket);
        socket.destroy();
        callback(problem, null);
      });
    });
  };
}

/** Of several addresses each dial takes the next, so a retry doesn't meet the same dead one again. IPv4 comes first. */
async function addressToDial(
  host: UrlHost,
  resolveHost: ResolveHost,
  dials: number,
): Promise<string | NoConnectionError> {
  if (host.kind === "address") return host.text;
  const resolution = await resolveHost(host.text);
  switch (resolution.kind) {
    case "blocked":
      return new NoConnectionError(resolution.reason, { kind: "blocked", reason: resolution.reason });
    case "unresolved":
      return new NoConnectionError(`DNS: ${resolution.code}`, { kind: "unreachable", cause: "dns" });
    case "addresses": {
      const address = resolution.addresses[dials % resolution.addresses.length];
      return address ?? new NoConnectionError("DNS: no address", { kind: "unreachable", cause: "dns" });
    }
  }
}

/** Belt and braces: what was judged is what was dialled, unless something between us and the kernel says otherwise. */
function checkPeer(socket: Socket, dialled: string): NoConnectionError | undefined {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined) {
    return new NoConnectionError("the connection was gone at once", { kind: "unreachable", cause: "reset" });
  }
  if (isSameAddress(remoteAddress, dialled)) return undefined;
  const reason = `dialled ${dialled} and reached ${remoteAddress}`;
  return new NoConnectionError(reason, { kind: "blocked", reason });
}

/** Told apart by the phase and not by a list of TLS error codes, of which there are hundreds. */
function connectError(error: Error, protocol: string): NoConnectionError {
  const inTcp = "syscall" in error && error.syscall === "connect";
  const tooSlow = "code" in error && error.code === "UND_ERR_CONNECT_TIMEOUT";
  const cause = inTcp || tooSlow || protocol !== "https:" ? "connect" : "tls";
  return new NoConnectionError(error.message, { kind: "unreachable", cause }, error);
}
