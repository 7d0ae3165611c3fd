import { limits, type ProblemName, type Scope } from "@postback/contracts";
import { acceptedOperation, answerExamples } from "./answer-examples.ts";
import { problemResponses } from "./problem-responses.ts";
import { type JsonObject, type SchemaName, schemaRef } from "./schemas.ts";

interface Answer {
  status: number;
  description: string;
  schema?: SchemaName;
  /** It can also be a stream of Server-Sent Events, and what these are. */
  stream?: string;
  headers?: JsonObject;
}

interface Call {
  summary: string;
  /** Of several one is enough; "public": without an API key. */
  scope?: Scope | readonly Scope[] | "public";
  parameters?: readonly JsonObject[];
  body?: { schema: SchemaName; example: unknown };
  answer: Answer;
  /** What else it answers, by what is asked for. */
  otherAnswers?: readonly Answer[];
  problems: readonly ProblemName[];
}

const always: readonly ProblemName[] = [
  "unauthenticated",
  "forbidden",
  "rate-limited",
  "overloaded",
  "unavailable",
  "internal",
];
const alwaysInPublic: readonly ProblemName[] = ["overloaded", "unavailable", "internal"];
const ofBodies: readonly ProblemName[] = [
  "malformed-json",
  "invalid-encoding",
  "request-timeout",
  "body-too-large",
  "unsupported-media-type",
  "invalid-input",
];

const pathId = (name: string): JsonObject => ({ name, in: "path", required: true, schema: { type: "string" } });
const ofReplay: readonly JsonObject[] = [pathId("id"), pathId("replayId")];
const ofPages: readonly JsonObject[] = [
  {
    name: "limit",
    in: "query",
    schema: { type: "integer", minimum: 1, maximum: limits.pageSizeMax, default: limits.pageSizeDefault },
  },
  { name: "cursor", in: "query", schema: { type: "string" }, description: "nextCursor of the page before" },
];
const status: JsonObject = {
  name: "status",
  in: "query",
  schema: { $ref: "#/components/schemas/Delivery/properties/status" },
};
const ofDeadLetters: readonly JsonObject[] = [
  ...["reason", "topic", "status"].map((name) => ({
    name,
    in: "query",
    schema: { $ref: `#/components/schemas/DeadLetter/properties/${name}` },
  })),
  ...["since", "until"].map((name) => ({
    name,
    in: "query",
    schema: { $ref: `#/components/schemas/RedriveDeadLetters/properties/${name}` },
  })),
];
const force: JsonObject = {
  name: "force",
  in: "query",
  schema: { type: "boolean", default: false },
  description: "Also when it was redriven or discarded before",
};
const operatorOrPlatform: readonly Scope[] = ["operator", "platform"];
const idempotencyKey: JsonObject = {
  name: "Idempotency-Key",
  in: "header",
  schema: { type: "string", minLength: 1, maxLength: limits.idempotencyKeyMaxChars },
  description: "The same request under the same key gives the same operation; kept for 14 days",
};
const traceparent: JsonObject = {
  name: "traceparent",
  in: "header",
  schema: { type: "string" },
  description: "W3C trace context; it goes along to the webhook",
};
const location: JsonObject = { schema: { type: "string" }, description: "Where the new resource is" };
const retryAfter: JsonObject = { schema: { type: "integer" }, description: "Seconds after which to ask" };

const prefer: JsonObject = {
  name: "Prefer",
  in: "header",
  schema: { type: "string" },
  description: `RFC 7240: \`wait=N\` waits up to N seconds (at most ${limits.waitMaxSeconds}) for the end; \`respond-async\` does not wait`,
};
const preferenceApplied: JsonObject = { schema: { type: "string" }, description: "The preference that was honoured" };
const wait: JsonObject = {
  name: "wait",
  in: "query",
  schema: { type: "integer", minimum: 0, default: 0 },
  description: `Seconds to wait, at most ${limits.waitMaxSeconds}; more is cut to it`,
};
const ifNoneMatch: JsonObject = {
  name: "If-None-Match",
  in: "header",
  schema: { type: "string" },
  description: "The ETag that you have: 304 where it is still right; with `wait` the answer waits for another",
};
const etag: JsonObject = { schema: { type: "string" }, description: "Changes with what is shown" };
const notModified: Answer = { status: 304, description: "What you have is still right", headers: { ETag: etag } };
const inQuery = (name: string, schema: JsonObject, description: string): JsonObject => ({
  name,
  in: "query",
  schema,
  description,
});
const lastEventId: JsonObject = {
  name: "Last-Event-ID",
  in: "header",
  schema: { type: "string" },
  description: "Of a stream: the id of the last event that you have, to go on after it, at any instance",
};
const entityFilter = inQuery("entity", { type: "string" }, "`{type}:{id}`, like order:order-123");
const timeSchema: JsonObject = { type: "string", format: "date-time" };

const orderPlace = {
  type: "order.place",
  input: {
    orderId: "order-123",
    customerId: "customer-7",
    items: [{ sku: "sku-1", quantity: 2 }],
    currency: "EUR",
    amount: 4200,
    paymentToken: "tok_ok",
  },
};

/** Each path with its calls, as `http/app.ts` routes them; a test compares the two. */
export const calls: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  "/v1/operations": {
    post: {
      summary: "Submit a write",
      scope: "operations:write",
      parameters: [idempotencyKey, prefer, traceparent],
      body: { schema: "SubmitOperation", example: orderPlace },
      answer: {
        status: 202,
        description: "Accepted; follow it at Location",
        schema: "Operation",
        headers: { Location: location, "Retry-After": retryAfter, "Preference-Applied": preferenceApplied },
      },
      otherAnswers: [
        {
          status: 201,
          description: "Of a type with sync steps: these are done, with the operation as it is now; the others follow",
          schema: "Operation",
          headers: { Location: location, "Retry-After": retryAfter },
        },
        {
          status: 200,
          description:
            "With `Prefer: wait`: it has ended, well or not. Of a type with sync steps: the same request came before; its operation as it is now",
          schema: "Operation",
          headers: { Location: location, "Retry-After": retryAfter, "Preference-Applied": preferenceApplied },
        },
      ],
      problems: [
        ...ofBodies,
        "unknown-operation-type",
        "entity-mismatch",
        "invalid-id",
        "idempotency-key-reused",
        "entity-busy",
        "step-refused",
      ],
    },
    get: {
      summary: "The operations, those with the newest ids first",
      scope: "operations:read",
      parameters: [
        ...ofPages,
        entityFilter,
        inQuery("type", { type: "string" }, "An operation type"),
        inQuery("status", { $ref: "#/components/schemas/Operation/properties/status" }, "As it is now"),
        inQuery("since", timeSchema, "Accepted at this time or later; of an id of yours, its time counts"),
        inQuery("until", timeSchema, "Accepted before this time; likewise"),
      ],
      answer: { status: 200, description: "A page", schema: "OperationPage" },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/operations/batch": {
    post: {
      summary: `Submit up to ${limits.batchOperationsMax} writes, in ${limits.batchBodyMaxBytes} bytes; each is taken or refused by itself`,
      scope: "operations:write",
      parameters: [traceparent],
      body: { schema: "SubmitBatch", example: { operations: [{ ...orderPlace, idempotencyKey: "order-123" }] } },
      answer: { status: 200, description: "A result for each, in their order", schema: "BatchResults" },
      problems: ofBodies,
    },
  },
  "/v1/operation-ids": {
    post: {
      summary: "Ids to use in later writes, which are idempotent by them",
      scope: "operations:write",
      body: { schema: "MakeOperationIds", example: { count: 10 } },
      answer: { status: 200, description: "As many as asked for", schema: "OperationIds" },
      problems: ofBodies,
    },
  },
  "/v1/operations/{id}": {
    get: {
      summary: "Status, steps and result of an operation",
      scope: "operations:read",
      parameters: [
        pathId("id"),
        wait,
        ifNoneMatch,
        inQuery(
          "include",
          { type: "string", enum: ["deliveries"] },
          "`deliveries`: its events too, and to whom each was brought; needs the scope `endpoints:read` as well",
        ),
      ],
      answer: {
        status: 200,
        description:
          "The operation; a failed one too, with its error. With `wait`: when it has ended, or the time is up",
        schema: "OperationStory",
        headers: { ETag: etag },
      },
      otherAnswers: [notModified],
      problems: ["not-found", "invalid-query"],
    },
  },
  "/v1/operations/{id}/events": {
    get: {
      summary: "What an operation has told, in order",
      scope: "operations:read",
      parameters: [pathId("id"), lastEventId],
      answer: {
        status: 200,
        description: "Its events; with `Accept: text/event-stream` also those that it tells until it ends",
        schema: "EventPage",
        stream: "`data` is an Event; `event: end` at the end of the operation",
      },
      otherAnswers: [
        { status: 204, description: "To a stream that is resumed: there is nothing more, don't come back" },
      ],
      problems: ["not-found", "invalid-cursor"],
    },
  },
  "/v1/operations/{id}/cancel": {
    post: {
      summary: "Ask for an operation to be cancelled; what it has done is undone",
      scope: "operations:write",
      parameters: [pathId("id")],
      answer: {
        status: 202,
        description: "Asked for; follow it at Location",
        schema: "Operation",
        headers: { Location: location },
      },
      problems: ["not-found", "operation-ended"],
    },
  },
  "/v1/operations/{id}/retry": {
    post: {
      summary: "Ask for the compensation that gave up to be tried again",
      scope: "operator",
      parameters: [pathId("id")],
      answer: { status: 202, description: "Asked for", schema: "Operation", headers: { Location: location } },
      problems: ["not-found", "operation-not-stuck"],
    },
  },
  "/v1/operations/{id}/skip": {
    post: {
      summary: "Ask for the compensation that gave up to be left out; the result names what was not undone",
      scope: "operator",
      parameters: [pathId("id")],
      answer: { status: 202, description: "Asked for", schema: "Operation", headers: { Location: location } },
      problems: ["not-found", "operation-not-stuck"],
    },
  },
  "/v1/entities/{type}/{id}": {
    get: {
      summary:
        "Read your writes: whether anything of an entity is pending, and on request an answer only when nothing is",
      scope: "operations:read",
      parameters: [
        pathId("type"),
        pathId("id"),
        inQuery("after", { type: "string", format: "uuid" }, "An operation of the entity: settled when it has ended"),
        wait,
        ifNoneMatch,
      ],
      answer: {
        status: 200,
        description: "As it is; with `wait`: when it is settled, or the time is up",
        schema: "EntityState",
        headers: { ETag: etag },
      },
      otherAnswers: [notModified],
      problems: ["not-found", "invalid-query"],
    },
  },
  "/v1/operation-types": {
    get: {
      summary:
        "Operation types that can be submitted, with JSON Schemas; to operators also what is unfinished by revision",
      scope: ["operations:read", "operator", "platform"],
      answer: { status: 200, description: "All of them", schema: "OperationTypeList" },
      problems: [],
    },
  },
  "/v1/events": {
    post: {
      summary: "Publish an event to webhooks, without an operation",
      scope: "operations:write",
      parameters: [traceparent],
      body: { schema: "PublishEvent", example: { type: "invoice.sent", data: { invoiceId: "inv-9" } } },
      answer: { status: 202, description: "Accepted", schema: "Event" },
      problems: [...ofBodies, "invalid-id"],
    },
    get: {
      summary: "The tenant's events: pages from the oldest on, or a stream from now on",
      scope: "operations:read",
      parameters: [
        ...ofPages,
        inQuery("types", { type: "string" }, "Event type patterns, separated by commas: `order.*,sku.**`"),
        entityFilter,
        inQuery("since", timeSchema, "From this time on, where no cursor is given"),
        lastEventId,
      ],
      answer: {
        status: 200,
        description: "A page, which may be empty: go on at its nextCursor. With `Accept: text/event-stream` a stream",
        schema: "FeedPage",
        stream: "`data` is an Event; `event: resync` when events are lost to you, because they are kept no more",
      },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/stream": {
    get: {
      summary: "Events of several operations, entities and types over one WebSocket",
      scope: "operations:read",
      answer: {
        status: 101,
        description:
          "A WebSocket (RFC 6455). Both sides send text: the client StreamRequests, the server StreamMessages, as JSON",
      },
      problems: ["upgrade-required"],
    },
  },
  "/v1/event-types": {
    get: {
      summary: "Event types of the catalog, with JSON Schemas",
      scope: "endpoints:read",
      answer: { status: 200, description: "All of them", schema: "EventTypeList" },
      problems: [],
    },
  },
  "/v1/endpoints": {
    post: {
      summary: "Register a URL for webhooks",
      scope: "endpoints:write",
      body: { schema: "CreateEndpoint", example: { url: "https://example.com/hooks", events: ["order.*"] } },
      answer: {
        status: 201,
        description: "Registered; with its secret, or public key",
        schema: "Endpoint",
        headers: { Location: location },
      },
      problems: [...ofBodies, "forbidden-address"],
    },
    get: {
      summary: "The endpoints",
      scope: "endpoints:read",
      parameters: ofPages,
      answer: { status: 200, description: "A page", schema: "EndpointPage" },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/endpoints/{id}": {
    get: {
      summary: "An endpoint",
      scope: "endpoints:read",
      parameters: [pathId("id")],
      answer: { status: 200, description: "The endpoint", schema: "Endpoint" },
      problems: ["not-found"],
    },
    patch: {
      summary: "Change an endpoint",
      scope: "endpoints:write",
      parameters: [pathId("id")],
      body: { schema: "UpdateEndpoint", example: { enabled: true, events: ["order.*", "invoice.**"] } },
      answer: { status: 200, description: "As it is now", schema: "Endpoint" },
      problems: [...ofBodies, "not-found", "forbidden-address"],
    },
    delete: {
      summary: "Take an endpoint away",
      scope: "endpoints:write",
      parameters: [pathId("id")],
      answer: { status: 204, description: "Gone; its pending deliveries are discarded" },
      problems: ["not-found"],
    },
  },
  "/v1/endpoints/{id}/test": {
    post: {
      summary: "Send a signed test event to an endpoint, whatever it subscribes to",
      scope: "endpoints:write",
      parameters: [pathId("id"), traceparent],
      answer: {
        status: 202,
        description: "On its way; its attempts are at Location, a second later at most",
        schema: "Delivery",
        headers: { Location: location },
      },
      problems: ["not-found", "endpoint-disabled", "overloaded", "unavailable"],
    },
  },
  "/v1/endpoints/{id}/secret": {
    get: {
      summary: "What an endpoint's webhooks are verified with",
      scope: "endpoints:write",
      parameters: [pathId("id")],
      answer: { status: 200, description: "All that sign now", schema: "EndpointSecret" },
      problems: ["not-found"],
    },
  },
  "/v1/endpoints/{id}/secret/rotate": {
    post: {
      summary: "Give an endpoint a new secret; it signs when this is answered, those of before until they end",
      scope: "endpoints:write",
      parameters: [pathId("id")],
      body: { schema: "RotateSecret", example: { overlapSeconds: limits.secretOverlapDefaultSeconds } },
      answer: { status: 200, description: "The new one, and those that still sign", schema: "EndpointSecret" },
      problems: [...ofBodies, "not-found", "too-many-secrets"],
    },
  },
  "/v1/tenants/{tenantId}/jwks.json": {
    get: {
      summary: "Public keys that webhooks of a tenant are verified with, those of the newest endpoints first",
      scope: "public",
      parameters: [
        pathId("tenantId"),
        { name: "endpoint", in: "query", schema: { type: "string" }, description: "Those of this endpoint alone" },
      ],
      answer: { status: 200, description: "At most 1,000; none of an unknown tenant", schema: "KeySet" },
      problems: ["not-found", "invalid-query"],
    },
  },
  "/v1/endpoints/{id}/deliveries": {
    get: {
      summary: "An endpoint's deliveries with their attempts, the newest events first",
      scope: "endpoints:read",
      parameters: [pathId("id"), ...ofPages, status],
      answer: { status: 200, description: "A page", schema: "DeliveryPage" },
      problems: ["not-found", "invalid-cursor", "invalid-query"],
    },
  },
  "/v1/endpoints/{id}/freshness": {
    get: {
      summary: "How far an endpoint is behind: its backlog, and the oldest event that it has not got",
      scope: "endpoints:read",
      parameters: [pathId("id")],
      answer: { status: 200, description: "As it is now", schema: "Freshness" },
      problems: ["not-found"],
    },
  },
  "/v1/endpoints/{id}/replays": {
    post: {
      summary: "Have past events sent again, under the same webhook-id; or count them (dryRun)",
      scope: "endpoints:write",
      parameters: [pathId("id")],
      body: { schema: "CreateReplay", example: { since: "2026-11-20T00:00:00Z", statuses: ["never"], dryRun: true } },
      answer: {
        status: 201,
        description: "It runs; follow it at Location",
        schema: "Replay",
        headers: { Location: location },
      },
      otherAnswers: [{ status: 200, description: "What it would cover (dryRun)", schema: "ReplayCount" }],
      problems: [...ofBodies, "not-found", "endpoint-disabled", "replay-unfinished"],
    },
    get: {
      summary: "An endpoint's replays, the newest first",
      scope: "endpoints:read",
      parameters: [pathId("id"), ...ofPages],
      answer: { status: 200, description: "A page", schema: "ReplayPage" },
      problems: ["not-found", "invalid-cursor", "invalid-query"],
    },
  },
  "/v1/endpoints/{id}/replays/{replayId}": {
    get: {
      summary: "A replay with its progress",
      scope: "endpoints:read",
      parameters: ofReplay,
      answer: { status: 200, description: "The replay", schema: "Replay" },
      problems: ["not-found"],
    },
    delete: {
      summary: "Cancel a replay; what waits of it is discarded, what is being sent comes",
      scope: "endpoints:write",
      parameters: ofReplay,
      answer: { status: 200, description: "It is cancelled", schema: "Replay" },
      problems: ["not-found", "replay-ended"],
    },
  },
  "/v1/endpoints/{id}/replays/{replayId}/pause": {
    post: {
      summary: "Pause a replay; the few that it has made already still come",
      scope: "endpoints:write",
      parameters: ofReplay,
      answer: { status: 200, description: "It is paused", schema: "Replay" },
      problems: ["not-found", "replay-ended"],
    },
  },
  "/v1/endpoints/{id}/replays/{replayId}/resume": {
    post: {
      summary: "Let a paused replay go on where it was",
      scope: "endpoints:write",
      parameters: ofReplay,
      answer: { status: 200, description: "It runs", schema: "Replay" },
      problems: ["not-found", "replay-ended"],
    },
  },
  "/v1/deliveries/{id}": {
    get: {
      summary: "A delivery with every attempt",
      scope: "endpoints:read",
      parameters: [pathId("id")],
      answer: { status: 200, description: "The delivery", schema: "Delivery" },
      problems: ["not-found"],
    },
  },
  "/v1/deliveries/{id}/retry": {
    post: {
      summary: "Send a delivery again now, whatever became of it; its attempts are counted on",
      scope: "endpoints:write",
      parameters: [pathId("id")],
      answer: { status: 202, description: "It is due", schema: "Delivery" },
      problems: ["not-found", "delivery-sending", "endpoint-disabled"],
    },
  },
  "/v1/dead-letters": {
    get: {
      summary: "Messages that were given up, the newest first; those without a tenant for the platform alone",
      scope: operatorOrPlatform,
      parameters: [...ofPages, ...ofDeadLetters],
      answer: { status: 200, description: "A page, without the messages", schema: "DeadLetterPage" },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/dead-letters/{id}": {
    get: {
      summary: "A dead letter; with its message for an operator of its tenant",
      scope: operatorOrPlatform,
      parameters: [pathId("id")],
      answer: { status: 200, description: "The letter", schema: "DeadLetter" },
      problems: ["not-found"],
    },
  },
  "/v1/dead-letters/{id}/redrive": {
    post: {
      summary: "Send a dead letter again, as a new message at the log's end",
      scope: operatorOrPlatform,
      parameters: [pathId("id"), force],
      answer: { status: 200, description: "It is in the log again", schema: "DeadLetter" },
      problems: ["not-found", "invalid-query", "dead-letter-settled", "dead-letter-without-header"],
    },
  },
  "/v1/dead-letters/redrive": {
    post: {
      summary: "Send open dead letters again, at most 1,000 in a call; each partition's in the order of the log",
      scope: operatorOrPlatform,
      body: { schema: "RedriveDeadLetters", example: { reason: "rejected-by-database", dryRun: true } },
      answer: { status: 200, description: "How many", schema: "RedrivenDeadLetters" },
      problems: ofBodies,
    },
  },
  "/v1/dead-letters/{id}/discard": {
    post: {
      summary: "Decide that a dead letter is not to be redriven",
      scope: operatorOrPlatform,
      parameters: [pathId("id")],
      answer: { status: 200, description: "It is discarded", schema: "DeadLetter" },
      problems: ["not-found", "dead-letter-settled"],
    },
  },
  "/v1/lag": {
    get: {
      summary: "How far the consumer groups are behind, as this instance saw it within the last 10 s",
      scope: operatorOrPlatform,
      answer: { status: 200, description: "Each group with its partitions", schema: "Lag" },
      problems: [],
    },
  },
  "/v1/api-keys": {
    post: {
      summary: "Make an API key; nobody can give it a scope that his own lacks",
      scope: "operator",
      body: {
        schema: "CreateApiKey",
        example: { name: "Order service", scopes: ["operations:write", "operations:read"] },
      },
      answer: {
        status: 201,
        description: "Made; the key is in this answer only",
        schema: "ApiKey",
        headers: { Location: location },
      },
      problems: ofBodies,
    },
    get: {
      summary: "The tenant's API keys, those that were revoked too",
      scope: "operator",
      parameters: ofPages,
      answer: { status: 200, description: "A page", schema: "ApiKeyPage" },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/api-keys/{id}": {
    get: {
      summary: "An API key, without what opens anything",
      scope: "operator",
      parameters: [pathId("id")],
      answer: { status: 200, description: "The key", schema: "ApiKey" },
      problems: ["not-found"],
    },
    patch: {
      summary: "Change a key's name or end; not of a key with a scope that one's own lacks",
      scope: "operator",
      parameters: [pathId("id")],
      body: { schema: "UpdateApiKey", example: { name: "Orders of the web shop", expiresAt: null } },
      answer: { status: 200, description: "As it is now", schema: "ApiKey" },
      problems: [...ofBodies, "not-found"],
    },
    delete: {
      summary: "Revoke a key: within a second no process takes it any more",
      scope: "operator",
      parameters: [pathId("id")],
      answer: { status: 204, description: "Revoked; its row stays" },
      problems: ["not-found"],
    },
  },
  "/v1/partners": {
    post: {
      summary: "Add a partner; without a grant it sees nothing",
      scope: "operator",
      body: { schema: "CreatePartner", example: { name: "Parcel carrier", grant: { events: ["order.*"] } } },
      answer: { status: 201, description: "Added", schema: "Partner", headers: { Location: location } },
      problems: ofBodies,
    },
    get: {
      summary: "The tenant's partners",
      scope: "operator",
      parameters: ofPages,
      answer: { status: 200, description: "A page", schema: "PartnerPage" },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/partners/{id}": {
    get: {
      summary: "A partner with its grant",
      scope: "operator",
      parameters: [pathId("id")],
      answer: { status: 200, description: "The partner", schema: "Partner" },
      problems: ["not-found"],
    },
    patch: {
      summary: "Change a partner; when a changed grant is answered, every live dispatcher goes by it",
      scope: "operator",
      parameters: [pathId("id")],
      body: { schema: "UpdatePartner", example: { grant: { events: ["order.*", "invoice.**"] } } },
      answer: { status: 200, description: "As it is now", schema: "Partner" },
      problems: [...ofBodies, "not-found"],
    },
    delete: {
      summary: "Take a partner away: its keys are revoked and its endpoints deleted",
      scope: "operator",
      parameters: [pathId("id")],
      answer: { status: 204, description: "Gone" },
      problems: ["not-found"],
    },
  },
  "/v1/tenants": {
    post: {
      summary: "Add a tenant with its first API key, an operator's",
      scope: "platform",
      body: { schema: "CreateTenant", example: { name: "Acme", quota: { requestsPerSecond: 500 } } },
      answer: {
        status: 201,
        description: "Added; the key is in this answer only",
        schema: "Tenant",
        headers: { Location: location },
      },
      problems: ofBodies,
    },
    get: {
      summary: "The tenants; never what is in them",
      scope: "platform",
      parameters: ofPages,
      answer: { status: 200, description: "A page", schema: "TenantPage" },
      problems: ["invalid-cursor", "invalid-query"],
    },
  },
  "/v1/tenants/{id}": {
    get: {
      summary: "A tenant",
      scope: "platform",
      parameters: [pathId("id")],
      answer: { status: 200, description: "The tenant", schema: "Tenant" },
      problems: ["not-found"],
    },
    patch: {
      summary: "Change a tenant's name or quota, disable or enable it",
      scope: "platform",
      parameters: [pathId("id")],
      body: { schema: "UpdateTenant", example: { quota: { requestsPerSecond: 2000 }, enabled: true } },
      answer: { status: 200, description: "As it is now", schema: "Tenant" },
      problems: [...ofBodies, "not-found"],
    },
    delete: {
      summary: "Disable a tenant: its keys are refused within a second, and nothing of it is deleted",
      scope: "platform",
      parameters: [pathId("id")],
      answer: { status: 204, description: "Disabled" },
      problems: ["not-found"],
    },
  },
};

/** The paths in OpenAPI's form. */
export const openapiPaths = (): JsonObject =>
  Object.fromEntries(
    Object.entries(calls).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, call]) => [
          method,
          { operationId: operationId(method, path), tags: [tagOf(path)], ...operationObject(call) },
        ]),
      ),
    ]),
  );

/** Under which heading a call stands: `/v1/dead-letters/{id}` → `dead-letters`. */
export const tagOf = (path: string): string => path.split("/")[2] ?? path;

/** `post /v1/endpoints/{id}/test` → `postEndpointsByIdTest`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace("/v1/", "")
    .replaceAll(/\{(\w+)\}/g, "by-$1")
    .split(/[/-]/);
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

const operationObject = ({ summary, scope, parameters, body, problems: refused, ...call }: Call): JsonObject => ({
  summary,
  ...(scope === "public" ? { security: [] } : {}),
  ...(scope === undefined || scope === "public"
    ? {}
    : {
        description: `Scope: ${[scope]
          .flat()
          .map((each) => `\`${each}\``)
          .join(" or ")}`,
      }),
  ...(parameters === undefined ? {} : { parameters }),
  ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body.schema, body.example) } }),
  responses: {
    ...Object.fromEntries([call.answer, ...(call.otherAnswers ?? [])].map(answerResponse)),
    ...problemResponses([...refused, ...(scope === "public" ? alwaysInPublic : always)]),
  },
});

const answerResponse = ({ status, description, headers, schema, stream }: Answer): [number, JsonObject] => [
  status,
  {
    description,
    ...(headers === undefined ? {} : { headers }),
    ...(schema === undefined
      ? {}
      : { content: { ...jsonContent(schema, exampleOf(schema, status)), ...streamContent(stream) } }),
  },
];

const exampleOf = (schema: SchemaName, status: number): unknown =>
  schema === "Operation" && status === 202
    ? acceptedOperation
    : (answerExamples as Partial<Record<SchemaName, unknown>>)[schema];

const jsonContent = (schema: SchemaName, example?: unknown): JsonObject => ({
  "application/json": { schema: schemaRef(schema), ...(example === undefined ? {} : { example }) },
});

const streamContent = (description: string | undefined): JsonObject =>
  description === undefined ? {} : { "text/event-stream": { schema: { type: "string", description } } };
