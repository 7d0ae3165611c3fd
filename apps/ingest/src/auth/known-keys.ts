import { timingSafeEqual } from "node:crypto";
import type { Scope } from "@postback/contracts";
import type { ApiKeyRow, ApiKeyUse } from "@postback/database";
import { hashKeySecret, type Partner, readGrant } from "@postback/domain";
import { Refusal, unavailable } from "../refusal.ts";
import type { IngestStore } from "../store.ts";
import { withinMs } from "../within-ms.ts";
import { LruMap } from "./lru-map.ts";
import { parseApiKey } from "./parse-api-key.ts";

/** Who calls: what an API key proves. */
export interface Caller {
  tenantId: string;
  keyId: string;
  scopes: ReadonlySet<string>;
  /** The partner whose key it is: it sees its own and what its grant allows. */
  partnerId?: string;
  partner?: Partner;
  /** The grant as it is kept: whether two are the same. */
  grantText?: string;
  /** The quota of its tenant, where that has one. */
  requestsPerSecond?: number;
}

interface Known {
  row: ApiKeyRow | undefined;
  caller: Caller | undefined;
  confirmedAtMs: number;
}

export interface KnownKeysOptions {
  store: Pick<IngestStore, "findApiKey" | "touchApiKeys">;
  /** Monotonic, milliseconds. */
  clock?: () => number;
  /** Keys held, at most; default 10 000. */
  keysMax?: number;
}

/** Ids that don't exist are kept apart, so that a flood of them doesn't push out the keys that do. */
const unknownMax = 1000;

/** A key is asked for again in the background from this age on, so that a busy one never waits for Postgres. */
const refreshAfterMs = 500;
/** Older than this it isn't believed without asking: a revocation works within this time. */
const believedMs = 1000;
/** With Postgres away, a key that it confirmed this long ago is still good (design §4). */
const believedWithoutPostgresMs = 10 * 60 * 1000;
/** After a failed question the next is put only then: requests don't queue up for a Postgres that is away. */
const askAgainAfterMs = 500;
/** Time for one question, milliseconds. */
const askTimeoutMs = 1000;

const refused = () =>
  new Refusal("unauthenticated", "Send an API key that is in force: Authorization: Bearer pb_…", {
    headers: { "www-authenticate": 'Bearer realm="postback"' },
  });

/**
 * API keys in memory. A hot request costs one sha256 and one comparison in constant time (about 2 us, so the outcome for
 * a token isn't kept: that would mean to hold tokens or their hashes).
 */
export class KnownKeys {
  readonly #store: KnownKeysOptions["store"];
  readonly #clock: () => number;
  readonly #known: LruMap<string, Known>;
  readonly #unknown = new LruMap<string, Known>(unknownMax);
  readonly #asking = new Map<string, Promise<Known>>();
  readonly #uses = new Map<string, ApiKeyUse>();
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ store, clock = () => performance.now(), keysMax = 10_000 }: KnownKeysOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#known = new LruMap(keysMax);
  }

  /**
   * Who an Authorization header speaks for; without a promise when memory knows, which is nearly always.
   * @throws {Refusal} unauthenticated; unavailable when only Postgres could tell and it is away
   */
  callerOf(authorization: string | undefined): Caller | Promise<Caller> {
    const given = parseApiKey(authorization);
    if (given === undefined) throw refused();
    const known = this.#known.get(given.keyId) ?? this.#unknown.get(given.keyId);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : this.#clock() - known.confirmedAtMs;
    if (known === undefined || ageMs > believedMs) return this.#askFor(given.keyId, given.secret, known);
    if (ageMs > refreshAfterMs) void this.#refresh(given.keyId);
    return this.#judge(known, given.secret);
  }

  /**
   * A key, or all of a tenant's (`tenant/<id>`), changed: what was known of it is forgotten, also for when Postgres is away.
   * A question that is on its way may bring the old answer, which isn't believed longer than any other.
   */
  forget(changed: string): void {
    if (!changed.startsWith("tenant/")) return this.#known.delete(changed);
    const tenantId = changed.slice("tenant/".length);
    this.#known.deleteWhere(({ row }) => row?.tenantId === tenantId);
  }

  /** Writes down when keys were used since the last call; the uses are kept for the next one if Postgres is away. */
  async noteUses(): Promise<void> {
    const uses = [...this.#uses.values()];
    if (uses.length === 0) return;
    await this.#store.touchApiKeys(uses);
    for (const use of uses) if (this.#uses.get(use.keyId) === use) this.#uses.delete(use.keyId);
  }

  async #askFor(keyId: string, secret: string, known: Known | undefined): Promise<Caller> {
    const fresh = await this.#refresh(keyId);
    if (fresh !== undefined) return this.#judge(fresh, secret);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : this.#clock() - known.confirmedAtMs;
    if (known?.row === undefined || ageMs > believedWithoutPostgresMs) {
      throw unavailable("API keys can't be checked now, because Postgres can't be reached. Try again.");
    }
    return this.#judge(known, secret);
  }

  /** @returns undefined when Postgres doesn't answer; that is a state to work in here, and `/readyz` reports it. */
  async #refresh(keyId: string): Promise<Known | undefined> {
    if (this.#clock() - this.#failedAtMs < askAgainAfterMs) return undefined;
    const asking = this.#asking.get(keyId) ?? this.#ask(keyId);
    try {
      return await asking;
    } catch {
      this.#failedAtMs = this.#clock();
      return undefined;
    }
  }

  #ask(keyId: string): Promise<Known> {
    const askedAtMs = this.#clock();
    const asking = withinMs(askTimeoutMs, this.#store.findApiKey(keyId))
      .then((row) => {
        const known = { row, caller: row === undefined ? undefined : callerFrom(row), confirmedAtMs: askedAtMs };
        const isNews = row === undefined && this.#known.get(keyId) === undefined;
        (isNews ? this.#unknown : this.#known).set(keyId, known);
        return known;
      })
      .finally(() => this.#asking.delete(keyId));
    this.#asking.set(keyId, asking);
    return asking;
  }

  #judge({ row, caller }: Known, secret: string): Caller {
    if (row === undefined || caller === undefined) throw refused();
    if (!timingSafeEqual(hashKeySecret(secret), row.secretHash)) throw refused();
    const now = Date.now();
    if (row.isDisabled) throw refused();
    if (row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt.getTime() <= now)) throw refused();
    this.#uses.set(row.keyId, { tenantId: row.tenantId, keyId: row.keyId, at: new Date(now) });
    return caller;
  }
}

const callerFrom = (row: ApiKeyRow): Caller => ({
  tenantId: row.tenantId,
  keyId: row.keyId,
  scopes: new Set(row.scopes),
  ...(row.partnerId === null ? {} : partnerOf(row.partnerId, row.partnerGrant)),
  ...(row.requestsPerSecond === null ? {} : { requestsPerSecond: row.requestsPerSecond }),
});

const partnerOf = (id: string, kept: unknown) => ({
  partnerId: id,
  partner: { id, grant: readGrant(kept) },
  grantText: JSON.stringify(kept),
});

/**
 * For calls that don't tell one partner from another: of these a partner's key may submit writes, and nothing else. What
 * shows partners their own alone is registered so (`authorize`).
 * @throws {Refusal} forbidden
 */
export function requireScope(caller: Caller, ...anyOf: readonly Scope[]): void {
  requireAnyScope(caller, anyOf);
  if (caller.partnerId !== undefined && !anyOf.includes("operations:write")) {
    throw new Refusal("forbidden", "This is not for the API keys of partners.");
  }
}

/**
 * For calls that show a partner its own, and what its grant allows, alone.
 * @throws {Refusal} forbidden
 */
export function requireAnyScope(caller: Caller, anyOf: readonly Scope[]): void {
  if (anyOf.some((scope) => caller.scopes.has(scope))) return;
  throw new Refusal("forbidden", `The API key lacks the scope ${anyOf.join(" or ")}.`);
}
