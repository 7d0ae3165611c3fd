import { compileSubscriptions, type SubscriptionIndex } from "@postback/domain";
import type { Subscription } from "./subscription.ts";

const nobody: readonly Subscription[] = [];

/** All endpoints, in memory, as of one version of the subscriptions. */
export class Subscriptions {
  /** All changes up to it are in. */
  version = 0n;
  readonly #byEndpoint = new Map<string, Subscription>();
  readonly #byTenant = new Map<string, Map<string, Subscription>>();
  readonly #indexes = new Map<string, SubscriptionIndex<Subscription>>();

  /** Who is to be told of an event of that type; enabled endpoints alone. */
  match(tenantId: string, eventType: string): readonly Subscription[] {
    const index = this.#indexes.get(tenantId) ?? this.#compile(tenantId);
    return index === undefined ? nobody : index.match(eventType);
  }

  find(endpointId: string): Subscription | undefined {
    return this.#byEndpoint.get(endpointId);
  }

  apply(changed: Subscription): void {
    const ofTenant = this.#byTenant.get(changed.tenantId) ?? new Map<string, Subscription>();
    this.#byTenant.set(changed.tenantId, ofTenant);
    this.#indexes.delete(changed.tenantId);
    if (changed.enabled) ofTenant.set(changed.endpointId, changed);
    else ofTenant.delete(changed.endpointId);
    this.#byEndpoint.set(changed.endpointId, changed);
  }

  get count(): number {
    return this.#byEndpoint.size;
  }

  #compile(tenantId: string): SubscriptionIndex<Subscription> | undefined {
    const ofTenant = this.#byTenant.get(tenantId);
    if (ofTenant === undefined) return undefined;
    const entries = [...ofTenant.values()].map((subscriber) => ({ subscriber, patterns: subscriber.patterns }));
    const index = compileSubscriptions(entries);
    this.#indexes.set(tenantId, index);
    return index;
  }
}
