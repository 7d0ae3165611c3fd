import { randomUUID } from "node:crypto";
import type {
  BatchItem,
  Calls,
  CreateEndpoint,
  DeadLetter,
  Delivery,
  PublishEvent,
  SubmitOperation,
  UpdateEndpoint,
} from "./api-types.ts";
import { type CallOptions, Connection, type ConnectionOptions } from "./connection.ts";
import { eachOfPages } from "./each-of-pages.ts";
import { followEvents } from "./follow-events.ts";
import { type FollowOptions, followOperation } from "./follow-operation.ts";
import { type ListenOptions, listen } from "./listen.ts";

export interface SubmitOptions extends CallOptions {
  /** Stands for the write: sent again under it, it is the same operation. Default: a new one for each call. */
  readonly idempotencyKey?: string | undefined;
  /** For the end, seconds, at most 60; default: none. */
  readonly waitSeconds?: number | undefined;
}

type Query<N extends "GET /v1/operations" | "GET /v1/dead-letters" | "GET /v1/endpoints/{id}/deliveries"> = Omit<
  NonNullable<Calls[N]["query"]>,
  "cursor"
>;

export type Client = ReturnType<typeof createClient>;

/**
 * Postback's API with a key. Calls are sent again after 429 and 503 where that is harmless, bounded; refusals are thrown as
 * `ProblemError`.
 * @example
 * const postback = createClient({ url: "http://localhost:3100", apiKey });
 * const { id } = await postback.operations.submit({ type: "order.place", input });
 * for await (const event of postback.operations.follow(id)) console.log(event.type);
 */
export function createClient(options: ConnectionOptions) {
  const connection = new Connection(options);
  return {
    /** Any call of the API by its method and path, with typed request and answer. */
    call: connection.call.bind(connection) as Connection["call"],
    operations: operationCalls(connection),
    events: eventCalls(connection),
    endpoints: endpointCalls(connection),
    deadLetters: deadLetterCalls(connection),
    /** Webhooks over a connection from here, as a temporary endpoint, until `signal`. */
    listen: (how: ListenOptions): Promise<never> => listen(options.url, options.apiKey, how),
  };
}

const operationCalls = (connection: Connection) => ({
  /** A write under a key of its own, so that it is done once however often it had to be sent. */
  submit: (write: SubmitOperation, { idempotencyKey, waitSeconds, ...options }: SubmitOptions = {}) =>
    connection.call(
      "POST /v1/operations",
      {
        body: write,
        header: {
          // An id of the caller's is a key already.
          "Idempotency-Key": idempotencyKey ?? (write.id === undefined ? randomUUID() : undefined),
          Prefer: waitSeconds === undefined ? undefined : `wait=${waitSeconds}`,
        },
      },
      { ...options, waitMs: (waitSeconds ?? 0) * 1000 },
    ),
  /** Up to 1,000 writes, each under a key of its own; a result for each, in their order. */
  submitBatch: (writes: readonly BatchItem[], options: CallOptions = {}) =>
    connection.call("POST /v1/operations/batch", { body: { operations: writes.map(withKey) } }, options),
  get: (id: string, options: CallOptions = {}) => connection.call("GET /v1/operations/{id}", { path: { id } }, options),
  /** With its events and to whom they went. */
  story: (id: string, options: CallOptions = {}) =>
    connection.call("GET /v1/operations/{id}", { path: { id }, query: { include: "deliveries" } }, options),
  /** Its events as they come; returns the operation at its end. */
  follow: (id: string, options: FollowOptions = {}) => followOperation(connection, id, options),
  list: (query: Query<"GET /v1/operations"> = {}, options: CallOptions = {}) =>
    eachOfPages((cursor) => connection.call("GET /v1/operations", { query: { ...query, cursor } }, options)),
  cancel: (id: string, options: CallOptions = {}) =>
    connection.call("POST /v1/operations/{id}/cancel", { path: { id } }, options),
  /** Read your writes: answers when nothing of the entity is pending, or `after` has ended, or the time is up. */
  entity: (
    entity: { readonly type: string; readonly id: string },
    { after, waitSeconds = 0, ...options }: CallOptions & { after?: string; waitSeconds?: number } = {},
  ) =>
    connection.call(
      "GET /v1/entities/{type}/{id}",
      { path: { ...entity }, query: { after, wait: waitSeconds } },
      { ...options, waitMs: waitSeconds * 1000 },
    ),
});

const withKey = (write: BatchItem): BatchItem =>
  write.id === undefined && write.idempotencyKey === undefined ? { ...write, idempotencyKey: randomUUID() } : write;

export interface FeedQuery {
  /** Patterns, `order.*`. */
  readonly types?: readonly string[] | undefined;
  readonly entity?: { readonly type: string; readonly id: string } | undefined;
  /** Where to go on; without it and `since`: from now on. */
  readonly cursor?: string | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
}

const eventCalls = (connection: Connection) => ({
  /** Not sent again unless it has an id of yours: without, the second would be another event. */
  publish: (event: PublishEvent, options: CallOptions = {}) =>
    connection.call("POST /v1/events", { body: event }, options),
  /** The tenant's events as they come, until `signal`. */
  follow: ({ types, entity, cursor, since }: FeedQuery = {}, { signal }: FollowOptions = {}) =>
    followEvents(
      connection,
      "GET /v1/events",
      {
        query: {
          types: types?.join(","),
          entity: entity === undefined ? undefined : `${entity.type}:${entity.id}`,
          cursor,
          since,
        },
      },
      signal,
    ),
});

const endpointCalls = (connection: Connection) => ({
  /** The answer has the secret, this once. */
  create: (endpoint: CreateEndpoint, options: CallOptions = {}) =>
    connection.call("POST /v1/endpoints", { body: endpoint }, options),
  get: (id: string, options: CallOptions = {}) => connection.call("GET /v1/endpoints/{id}", { path: { id } }, options),
  list: (options: CallOptions = {}) =>
    eachOfPages((cursor) => connection.call("GET /v1/endpoints", { query: { cursor } }, options)),
  update: (id: string, changes: UpdateEndpoint, options: CallOptions = {}) =>
    connection.call("PATCH /v1/endpoints/{id}", { path: { id }, body: changes }, options),
  delete: (id: string, options: CallOptions = {}) =>
    connection.call("DELETE /v1/endpoints/{id}", { path: { id } }, options),
  /** The newest events first, with every attempt. */
  deliveries: (id: string, query: Query<"GET /v1/endpoints/{id}/deliveries"> = {}, options: CallOptions = {}) =>
    eachOfPages<Delivery>((cursor) =>
      connection.call("GET /v1/endpoints/{id}/deliveries", { path: { id }, query: { ...query, cursor } }, options),
    ),
  delivery: (id: string, options: CallOptions = {}) =>
    connection.call("GET /v1/deliveries/{id}", { path: { id } }, options),
});

const deadLetterCalls = (connection: Connection) => ({
  list: (query: Query<"GET /v1/dead-letters"> = {}, options: CallOptions = {}) =>
    eachOfPages<DeadLetter>((cursor) =>
      connection.call("GET /v1/dead-letters", { query: { ...query, cursor } }, options),
    ),
  redrive: (id: string, options: CallOptions = {}) =>
    connection.call("POST /v1/dead-letters/{id}/redrive", { path: { id } }, options),
  discard: (id: string, options: CallOptions = {}) =>
    connection.call("POST /v1/dead-letters/{id}/discard", { path: { id } }, options),
});
