import type { UrlHost } from "@postback/domain";
import type { buildConnector } from "undici";
import type { Dial } from "./dial.ts";
import { NoConnectionError } from "./no-connection.ts";
import type { ResolveHost } from "./resolve-host.ts";

/**
 * Connects to one host, and only to an address that was judged (promise I9): resolves once, and has exactly that address
 * dialled, with the name kept for SNI, certificate and Host.
 * @param host of a URL that `judgeUrl` allowed: an address in it was judged there
 */
export function guardedConnector(host: UrlHost, resolveHost: ResolveHost, dial: Dial): buildConnector.connector {
  let dials = 0;
  return (options, callback) => {
    void addressToDial(host, resolveHost, dials++).then((found) => {
      if (found instanceof NoConnectionError) callback(found, null);
      else dial(found, options, callback);
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
