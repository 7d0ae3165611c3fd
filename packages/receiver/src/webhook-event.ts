/** The body of a webhook. Its id isn't in it but in the header `webhook-id`. */
export interface WebhookEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** When it happened, ISO 8601 in UTC. */
  readonly timestamp: string;
  /** What it is about, where it is about one thing. */
  readonly entity?: { readonly type: string; readonly id: string };
  /** The operation that told it; none of a direct event. */
  readonly operation?: { readonly id: string; readonly type: string };
  readonly data: Data;
}

/** The events of a map from type to data, as a union that `type` tells apart: `EventOf<{"order.placed": Order}>`. */
export type EventOf<Events> = { [T in keyof Events & string]: WebhookEvent<T, Events[T]> }[keyof Events & string];
