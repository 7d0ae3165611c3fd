import { lookup, Resolver } from "node:dns/promises";

/** Asks for all addresses of a name. Rejects with an error whose `code` says why there are none. */
export type LookUpAddresses = (name: string) => Promise<readonly string[]>;

/** All of a resolution, however many servers and tries it takes. */
const DNS_TIMEOUT_MS = 3000;
/** The first of two tries; c-ares waits longer for the second. */
const DNS_TRY_TIMEOUT_MS = 1000;
const DNS_TRIES = 2;

/**
 * Looks names up with c-ares and not with `dns.lookup`, which shares four threads with the file system: one slow name
 * would hold up all others. `localhost` alone is read from the hosts file.
 * @param servers addresses of DNS servers, default those of the system
 */
export function createLookUp(servers: readonly string[] = []): LookUpAddresses {
  const resolver = new Resolver({ timeout: DNS_TRY_TIMEOUT_MS, tries: DNS_TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return async (name) => {
    if (name === "localhost") return (await lookup(name, { all: true })).map(({ address }) => address);
    // IPv4 first: it is the family that every network has. A server that never answers for one family costs the other
    // nothing but time.
    const [v4, v6] = await Promise.allSettled([
      withinDeadline(resolver.resolve4(name)),
      withinDeadline(resolver.resolve6(name)),
    ]);
    const addresses = [v4, v6].flatMap((family) => (family.status === "fulfilled" ? family.value : []));
    if (addresses.length === 0 && v4.status === "rejected") throw v4.reason;
    return addresses;
  };
}

/** Bounds the whole query; c-ares bounds only each try. */
function withinDeadline<T>(query: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    reject(Object.assign(new Error("no answer from DNS in time"), { code: "ETIMEOUT" }));
  }, DNS_TIMEOUT_MS);
  query.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
