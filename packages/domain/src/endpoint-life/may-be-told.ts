/** Events that Postback itself tells a tenant about its endpoints. */
export const ENDPOINT_EVENT_TYPES = ["delivery.exhausted", "endpoint.disabled", "endpoint.recovered"] as const;
export type EndpointEventType = (typeof ENDPOINT_EVENT_TYPES)[number];

/** The entity type of these events; its id is that of the endpoint. */
export const ENDPOINT_ENTITY_TYPE = "endpoint";

export type ToldEndpoint = { readonly endpointId: string; readonly partnerId?: string | undefined };

export type MatchedEvent = {
  readonly type: string;
  readonly entity?: { readonly type: string; readonly id: string } | undefined;
};

const types: ReadonlySet<string> = new Set(ENDPOINT_EVENT_TYPES);

export const isAboutEndpoints = (eventType: string): boolean => types.has(eventType);

/**
 * Whether an endpoint may be told of an event that its subscription matches. Events about endpoints are for the tenant's
 * own subscribers: no partner learns how another one's receiver does. And none is told of itself: what it can't take
 * would be told to it again, and it has no use for the news that it has recovered.
 */
export function mayBeTold({ endpointId, partnerId }: ToldEndpoint, { type, entity }: MatchedEvent): boolean {
  if (!isAboutEndpoints(type)) return true;
  return partnerId === undefined && entity?.id !== endpointId;
}
