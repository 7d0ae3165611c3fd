import { addBounded, judgeAddress, type Subnet } from "@postback/domain";
import { createLookUp, type LookUpAddresses } from "./look-up-addresses.ts";

type Resolution =
  /** Every one was judged; whoever dials takes one of these and resolves nothing again. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "blocked"; readonly reason: string }
  | { readonly kind: "unresolved"; readonly code: string };

export type ResolveHost = (name: string) => Promise<Resolution>;

export type ResolveOptions = {
  readonly allowedSubnets: readonly Subnet[];
  /** Default: c-ares with the system's servers. */
  readonly lookUp?: LookUpAddresses;
};

const CACHE_MAX_NAMES = 10_000;
/** Short, since a receiver that moves should be followed soon; long enough that a busy one isn't asked for each time. */
const CACHE_MS = 30_000;
const CACHE_FAILURE_MS = 5_000;

type Cached = { readonly resolution: Promise<Resolution>; expiresAtMs: number };

/**
 * Resolves names for the sender. A name is blocked when ANY of its addresses is forbidden: taking the others would let
 * a partner's DNS try until the check and the connection disagree (rebinding). Never rejects.
 */
export function createResolveHost({ allowedSubnets, lookUp = createLookUp() }: ResolveOptions): ResolveHost {
  const cache = new Map<string, Cached>();
  return (name) => {
    const known = cache.get(name);
    if (known && Date.now() < known.expiresAtMs) return known.resolution;
    // What is under way is shared too, so a burst to one name asks once.
    const entry: Cached = { resolution: resolveAndJudge(name, lookUp, allowedSubnets), expiresAtMs: Infinity };
    cache.delete(name);
    addBounded(cache, name, entry, CACHE_MAX_NAMES);
    void entry.resolution.then(({ kind }) => {
      entry.expiresAtMs = Date.now() + (kind === "addresses" ? CACHE_MS : CACHE_FAILURE_MS);
    });
    return entry.resolution;
  };
}

async function resolveAndJudge(
  name: string,
  lookUp: LookUpAddresses,
  allowedSubnets: readonly Subnet[],
): Promise<Resolution> {
  let addresses: readonly string[];
  try {
    addresses = await lookUp(name);
  } catch (error) {
    return { kind: "unresolved", code: codeOf(error) };
  }
  for (const address of addresses) {
    const verdict = judgeAddress(address, allowedSubnets);
    if (!verdict.allowed) return { kind: "blocked", reason: `${name} has the address ${address}: ${verdict.reason}` };
  }
  return addresses.length > 0 ? { kind: "addresses", addresses } : { kind: "unresolved", code: "ENODATA" };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EUNKNOWN";
}
