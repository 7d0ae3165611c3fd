import { type KeySource, publicKeyFrom, type VerifyingKey } from "./verifying-key.ts";

export interface KeySetOptions {
  /** `https://postback.example.com/v1/tenants/{tenantId}/jwks.json` */
  readonly url: string;
  /**
   * Your endpoint's id. Keys of other endpoints aren't taken: a partner could pass on to you what it was sent.
   */
  readonly endpointId: string;
  /** Default: the global one. */
  readonly fetch?: (url: string, init: { signal: AbortSignal }) => Promise<Response>;
  /** How long keys are used before they are asked for again, ms. Default 5 minutes. */
  readonly maxAgeMs?: number;
  /** Monotonic, ms. */
  readonly clock?: () => number;
}

const maxAgeDefaultMs = 5 * 60_000;
/** So that a flood of forged webhooks is no flood of requests. */
const refreshPauseMs = 10_000;
const timeoutMs = 5_000;
const bodyMaxChars = 1_000_000;

interface Held {
  readonly keys: readonly VerifyingKey[];
  readonly atMs: number;
}

/** Public keys of an endpoint with `v1a`, from the key set of its tenant (RFC 7517). A rotation needs nothing done. */
export function keySet(options: KeySetOptions): KeySource {
  const { maxAgeMs = maxAgeDefaultMs, clock = () => performance.now() } = options;
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;
  const ask = (): Promise<Held> => {
    asking ??= fetchKeys(options)
      .then((keys) => {
        held = { keys, atMs: clock() };
        return held;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  return {
    async keys() {
      if (held === undefined) return (await ask()).keys;
      if (clock() - held.atMs < maxAgeMs) return held.keys;
      const { keys } = held;
      // With the key set out of reach those that are held are as good as before.
      return await ask().then(
        (fresh) => fresh.keys,
        () => keys,
      );
    },
    async refreshed() {
      if (held !== undefined && clock() - held.atMs < refreshPauseMs) return undefined;
      return (await ask()).keys;
    },
  };
}

/** @throws Error when the key set can't be had */
async function fetchKeys({ url, endpointId, fetch = globalThis.fetch }: KeySetOptions): Promise<VerifyingKey[]> {
  const asked = new URL(url);
  asked.searchParams.set("endpoint", endpointId);
  const answer = await fetch(asked.href, { signal: AbortSignal.timeout(timeoutMs) });
  const text = await answer.text();
  if (!answer.ok || text.length > bodyMaxChars) throw new Error(`the key set was answered with ${answer.status}`);
  const { keys } = JSON.parse(text) as { keys?: readonly JsonWebKeyOfSet[] };
  return (keys ?? [])
    .filter((key) => isOurs(key, endpointId))
    .map(({ x }) => publicKeyFrom(Buffer.from(x, "base64url")));
}

interface JsonWebKeyOfSet {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid: string;
}

const isOurs = ({ kty, crv, x, kid }: JsonWebKeyOfSet, endpointId: string): boolean =>
  kty === "OKP" && crv === "Ed25519" && typeof x === "string" && kid.startsWith(`${endpointId}.`);
