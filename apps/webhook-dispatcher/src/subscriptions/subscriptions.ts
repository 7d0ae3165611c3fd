import { compileSubscriptions, type SubscriptionIndex } from "@postback/domain";
import type { Subscription } from "./subscription.ts";

const nobody: readonly Subscription[] = [];

/** All endpoints, in memory, as of one version of the subscriptions. */
export class Subscriptions {
  /** All changes up to it are in. */
  version = 0n;
  readonly #byEndpoint = new Map<string, Subscription>();
  readonly #byTenant = new Map<string, SubscriptionIndex<Subscription>>();

  /** Who is to be told of an event of that type; enabled endpoints alone. */
  match(tenantId: string, eventType: string): readonly Subscription[] {
    return this.#byTenant.get(tenantId)?.match(eventType) ?? nobody;
  }

  find(endpointId: string): Subscription | undefined {
    return this.#byEndpoint.get(endpointId);
  }

  apply(changed: Subscription): void {
    const index = this.#byTenant.get(changed.tenantId) ?? compileSubscriptions<Subscription>([]);
    this.#byTenant.set(changed.tenantId, index);
    const before = this.#byEndpoint.get(changed.endpointId);
    if (before?.enabled) index.remove({ subscriber: before, patterns: before.patterns });
    if (changed.enabled) index.add({ subscriber: changed, patterns: changed.patterns });
    this.#byEndpoint.set(changed.endpointId, changed);
  }

  get count(): number {
    return this.#byEndpoint.size;
  }
}
