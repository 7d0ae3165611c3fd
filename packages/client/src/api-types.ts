// Made by `npm run generate` from the OpenAPI document; change the contracts (packages/contracts) and the paths
// (apps/ingest/src/http/documents/paths.ts) instead.

/** What proves who calls */
export type ApiKey = {
  readonly id: string;
  readonly name: string;
  /** What the key begins with */
  readonly prefix: string;
  readonly scopes: readonly ("operations:write" | "operations:read" | "endpoints:write" | "endpoints:read" | "operator" | "platform")[];
  readonly partner?: string | undefined;
  readonly createdAt: string;
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
  /** To half a minute */
  readonly lastUsedAt?: string | undefined;
  /** The key itself, `pb_<env>_<id>_<secret>`: in the answer to its creation only */
  readonly key?: string | undefined;
};

export type ApiKeyPage = {
  readonly data: readonly ApiKey[];
  readonly nextCursor?: string | undefined;
};

/** One HTTP request to an endpoint */
export type Attempt = {
  readonly number: number;
  readonly at: string;
  readonly durationMs: number;
  readonly outcome: "accepted" | "refused" | "unreachable" | "blocked";
  /** The receiver's HTTP status, where it answered */
  readonly status?: number | undefined;
  /** Why it was unreachable (dns, connect, tls, timeout, reset, protocol, proxy) or blocked */
  readonly cause?: string | undefined;
  /** First bytes of the answer, at most 1 KiB */
  readonly response?: string | undefined;
};

/** A key to be made */
export type CreateApiKey = {
  readonly name: string;
  /** None that the key of this request lacks; a partner's key can't be an operator's */
  readonly scopes: readonly ("operations:write" | "operations:read" | "endpoints:write" | "endpoints:read" | "operator" | "platform")[];
  /** Whose it is to be: it sees what the partner's grant allows */
  readonly partner?: string | undefined;
  readonly expiresAt?: string | undefined;
};

/** One write of a batch */
export type BatchItem = {
  readonly type: string;
  readonly entity?: Entity | undefined;
  /** Any JSON */
  readonly input: unknown;
  /** An id of yours: UUIDv7, made in the last 24 hours */
  readonly id?: string | undefined;
  /** What the header Idempotency-Key is to a single write */
  readonly idempotencyKey?: string | undefined;
};

/** What came of one write of a batch */
export type BatchResult = {
  /** What a request with this write alone would have been answered with */
  readonly status: number;
  /** Where it was taken */
  readonly operation?: Operation | undefined;
  /** Where it was refused */
  readonly problem?: Problem | undefined;
};

/** What came of a batch */
export type BatchResults = {
  /** One for each write, in their order */
  readonly results: readonly BatchResult[];
};

/** A URL to be told, and of what */
export type CreateEndpoint = {
  readonly url: string;
  readonly events: readonly string[];
  /** Whose it is; of a partner's own key it is that partner's in any case */
  readonly partner?: string | undefined;
  /** Conditions on the event's `data` and `entity`: equality, $in, $prefix, $gt, $gte, $lt, $lte, $exists, $and, $or, $not */
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
  /** v1: HMAC-SHA256 with a shared secret; v1a: ed25519, verified with a public key */
  readonly signature?: "v1" | "v1a" | undefined;
  readonly enabled?: boolean | undefined;
  readonly description?: string | undefined;
  /** Sent with each webhook, besides ours */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** none: each event by itself; entity: an entity's events one after another; endpoint: all events so */
  readonly ordering?: "none" | "entity" | "endpoint" | undefined;
  /** When an ordered delivery that keeps failing lets those behind it pass; it is then discarded, order-skipped. Default: it holds them */
  readonly orderingValve?: {
    readonly skipAfterAttempts?: number | undefined;
    readonly skipAfterSeconds?: number | undefined;
  } | undefined;
  /** Of the webhooks: Standard Webhooks, or CloudEvents 1.0; signed in the same way. Default standard */
  readonly format?: "standard" | "cloudevents-structured" | "cloudevents-binary" | undefined;
  /** Whether the receiver is asked first (CloudEvents HTTP webhook validation); until it agrees nothing is sent */
  readonly handshake?: boolean | undefined;
  readonly rateLimit?: {
    readonly perSecond: number;
  } | undefined;
  /** Webhooks in flight at once; default 8 */
  readonly concurrency?: number | undefined;
  /** Total time for one attempt, to the end of the answer; default 15000 */
  readonly timeoutMs?: number | undefined;
  /** Seconds before each further attempt; default 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h */
  readonly retrySchedule?: readonly number[] | undefined;
};

/** A party that may register endpoints; without a grant it sees nothing */
export type CreatePartner = {
  readonly name: string;
  readonly grant?: Grant | undefined;
};

/** A tenant to be made */
export type CreateTenant = {
  readonly name: string;
  /** Any JSON */
  readonly quota?: unknown | undefined;
};

/** Which past events an endpoint is to get again */
export type CreateReplay = {
  /** Events accepted at this time or later */
  readonly since: string;
  /** Events accepted before this time; default and latest: now */
  readonly until?: string | undefined;
  /** Only events in one of these states at the endpoint; `never`: not delivered and not on their way */
  readonly statuses?: readonly ("never" | "delivered" | "exhausted" | "expired" | "discarded")[] | undefined;
  /** Only these event types, of those that the endpoint subscribes to */
  readonly events?: readonly string[] | undefined;
  /** At most; half of the endpoint's own rate is the limit in any case */
  readonly rateLimit?: {
    readonly perSecond: number;
  } | undefined;
  /** Count only */
  readonly dryRun?: boolean | undefined;
};

/** A message that was given up, with its reason */
export type DeadLetter = {
  readonly id: string;
  /** Absent where the header could not be read: nobody knows whose it is */
  readonly tenantId?: string | undefined;
  /** Where the message was read, as Kafka names it */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: "unreadable-header" | "unreadable-body" | "wrong-partition" | "id-reused" | "rejected-by-database" | "too-old";
  /** Shown to the tenant; to the platform only where there is no tenant */
  readonly detail?: string | undefined;
  readonly status: "open" | "redriven" | "discarded";
  readonly createdAt: string;
  readonly redrivenAt?: string | undefined;
  /** Where the new message is */
  readonly redrivenTo?: {
    readonly partition: number;
    readonly offset: number;
  } | undefined;
  readonly discardedAt?: string | undefined;
  /** As it was read; shown to the tenant's operator, and in the answer of one alone */
  readonly message?: {
    /** Base64: what could not be read may hold any byte */
    readonly key?: string | undefined;
    /** Base64: what could not be read may hold any byte */
    readonly header?: string | undefined;
    /** Base64: what could not be read may hold any byte */
    readonly body?: string | undefined;
  } | undefined;
};

export type DeadLetterPage = {
  readonly data: readonly DeadLetter[];
  readonly nextCursor?: string | undefined;
};

/** One event that is to be brought to one endpoint */
export type Delivery = {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly endpointId: string;
  readonly status: "pending" | "sending" | "delivered" | "exhausted" | "expired" | "discarded";
  /** Why it was discarded: endpoint-disabled, endpoint-deleted, replay-cancelled, order-skipped or not-granted */
  readonly reason?: string | undefined;
  /** The replay that it belongs to */
  readonly replayId?: string | undefined;
  readonly nextAttemptAt?: string | undefined;
  readonly attempts: readonly Attempt[];
};

export type DeliveryPage = {
  readonly data: readonly Delivery[];
  readonly nextCursor?: string | undefined;
};

/** A URL that is told of events */
export type Endpoint = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly enabled: boolean;
  readonly description?: string | undefined;
  /** Sent with each webhook, besides ours */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** none: each event by itself; entity: an entity's events one after another; endpoint: all events so */
  readonly ordering: "none" | "entity" | "endpoint";
  /** When an ordered delivery that keeps failing lets those behind it pass; it is then discarded, order-skipped. Default: it holds them */
  readonly orderingValve?: {
    readonly skipAfterAttempts?: number | undefined;
    readonly skipAfterSeconds?: number | undefined;
  } | undefined;
  /** Of the webhooks: Standard Webhooks, or CloudEvents 1.0; signed in the same way. Default standard */
  readonly format: "standard" | "cloudevents-structured" | "cloudevents-binary";
  readonly rateLimit?: {
    readonly perSecond: number;
  } | undefined;
  /** Webhooks in flight at once; default 8 */
  readonly concurrency?: number | undefined;
  /** Total time for one attempt, to the end of the answer; default 15000 */
  readonly timeoutMs?: number | undefined;
  /** Seconds before each further attempt; default 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h */
  readonly retrySchedule?: readonly number[] | undefined;
  readonly partner?: string | undefined;
  /** Conditions on the event's `data` and `entity`: equality, $in, $prefix, $gt, $gte, $lt, $lte, $exists, $and, $or, $not */
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
  /** How the newest secret signs; rotate to change it */
  readonly signature: "v1" | "v1a";
  /** Of an endpoint whose receiver is asked first */
  readonly handshake?: {
    readonly status: "pending" | "verified" | "failed";
    readonly attempts: number;
    /** Why the last attempt did not succeed */
    readonly reason?: string | undefined;
  } | undefined;
  readonly disabledReason?: string | undefined;
  readonly disabledAt?: string | undefined;
  readonly createdAt: string;
  /** Signs the webhooks (Standard Webhooks whsec_); in the answer to the creation, and at /secret */
  readonly secret?: string | undefined;
  /** Of an endpoint with `v1a`, in place of `secret` */
  readonly publicKey?: string | undefined;
  /** `kid` of `publicKey` in the tenant's key set */
  readonly keyId?: string | undefined;
};

export type EndpointPage = {
  readonly data: readonly Endpoint[];
  readonly nextCursor?: string | undefined;
};

/** What an endpoint's webhooks are verified with */
export type EndpointSecret = {
  /** v1: HMAC-SHA256 with a shared secret; v1a: ed25519, verified with a public key */
  readonly signature: "v1" | "v1a";
  /** With `v1`: `whsec_` and base64 */
  readonly secret?: string | undefined;
  /** With `v1a`: `whpk_` and base64. The private key never leaves Postback */
  readonly publicKey?: string | undefined;
  /** With `v1a`: `kid` in the tenant's key set */
  readonly keyId?: string | undefined;
  readonly createdAt: string;
  /** Those of before that still sign, the newest first */
  readonly expiring: readonly {
    /** v1: HMAC-SHA256 with a shared secret; v1a: ed25519, verified with a public key */
    readonly signature: "v1" | "v1a";
    /** With `v1`: `whsec_` and base64 */
    readonly secret?: string | undefined;
    /** With `v1a`: `whpk_` and base64. The private key never leaves Postback */
    readonly publicKey?: string | undefined;
    /** With `v1a`: `kid` in the tenant's key set */
    readonly keyId?: string | undefined;
    readonly createdAt: string;
    readonly expiresAt: string;
  }[];
};

/** What a write or an event is about; its key orders the work */
export type Entity = {
  readonly type: string;
  readonly id: string;
};

/** Whether what was written to an entity can be read */
export type EntityState = {
  readonly entity: Entity;
  /** Operations of the entity that are known here and have not ended, counted up to 1000 */
  readonly pending: number;
  /** When the oldest of them was accepted */
  readonly oldestPendingAt?: string | undefined;
  /** The newest operation, ended or not */
  readonly lastOperation?: Operation | undefined;
  /** Nothing is pending; with `after`: that operation has ended */
  readonly settled: boolean;
};

/** A fact that is told; immutable */
export type Event = {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly entity?: Entity | undefined;
  readonly operation?: {
    readonly id: string;
    readonly type: string;
  } | undefined;
  /** Any JSON */
  readonly data: unknown;
};

export type EventPage = {
  readonly data: readonly Event[];
  readonly nextCursor?: string | undefined;
};

/** Events; it may be empty and have more after it */
export type FeedPage = {
  readonly data: readonly Event[];
  /** A place in the events, opaque; give it back to go on after it */
  readonly nextCursor: string;
  /** Events before this page are lost to you: they were kept long enough no more */
  readonly resync?: true | undefined;
};

export type EventTypeList = {
  readonly data: readonly {
    readonly type: string;
    /** JSON Schema 2020-12 */
    readonly dataSchema?: Readonly<Record<string, unknown>> | undefined;
  }[];
};

/** What a partner sees, whatever it subscribes to */
export type Grant = {
  /** None: it sees nothing */
  readonly events: readonly string[];
  /** Conditions on `data` and `entity` of these events, as filters of endpoints have them */
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
};

/** Public keys of a tenant's endpoints with `v1a` (RFC 7517) */
export type KeySet = {
  readonly keys: readonly {
    readonly kty: "OKP";
    readonly crv: "Ed25519";
    /** The 32 bytes in base64url */
    readonly x: string;
    /** `<endpoint id>.<version>` */
    readonly kid: string;
    readonly use: "sig";
    readonly alg: "EdDSA";
  }[];
};

/** How far an endpoint is behind; replays don't count */
export type Freshness = {
  /** Live deliveries that have not ended; at most 10,000 are counted */
  readonly backlog: number;
  /** False: there are more */
  readonly backlogIsExact: boolean;
  /** When the oldest event was accepted that the endpoint has not got; absent when it has got all */
  readonly oldestAcceptedAt?: string | undefined;
  readonly oldestAgeSeconds?: number | undefined;
};

/** How far the consumer groups are behind */
export type Lag = {
  readonly data: readonly {
    readonly group: "processor" | "webhook-dispatcher";
    readonly topic: "commands" | "events";
    /** When it was looked at */
    readonly at: string;
    /** Messages that the group has not taken */
    readonly behind: number;
    /** How many a second it took of late */
    readonly takenPerSecond: number;
    /** All of them, by number */
    readonly partitions: readonly {
      readonly partition: number;
      readonly behind: number;
      readonly takenPerSecond: number;
    }[];
  }[];
};

/** A request for ids to use in later writes */
export type MakeOperationIds = {
  /** How many */
  readonly count: number;
};

/** One accepted write and how far it is */
export type Operation = {
  readonly id: string;
  readonly type: string;
  readonly entity: Entity;
  readonly status: "accepted" | "running" | "waiting" | "succeeded" | "compensating" | "failed" | "cancelled" | "stuck";
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt?: string | undefined;
  /** The step that is being worked on */
  readonly step?: string | undefined;
  readonly steps: readonly {
    readonly name: string;
    readonly status: "pending" | "running" | "waiting" | "succeeded" | "failed" | "compensating" | "compensated" | "stuck" | "skipped";
    readonly attempts: number;
    readonly error?: StepError | undefined;
  }[];
  /** Any JSON */
  readonly result?: unknown | undefined;
  readonly error?: OperationError | undefined;
  readonly duplicateOf?: string | undefined;
  readonly links: {
    readonly self: string;
    readonly events: string;
    readonly cancel: string;
  };
};

/** Why an operation ended without success, and what was undone */
export type OperationError = {
  readonly code: string;
  readonly message: string;
  readonly step?: string | undefined;
  /** True only when every step that may have had an effect was undone */
  readonly rolledBack: boolean;
  readonly notUndone?: readonly {
    readonly step: string;
    readonly why: string;
    readonly by?: string | undefined;
  }[] | undefined;
};

/** Ids for later writes; nothing is reserved under them */
export type OperationIds = {
  /** UUIDv7; each may be used once, within 24 hours */
  readonly ids: readonly string[];
};

export type OperationPage = {
  readonly data: readonly Operation[];
  readonly nextCursor?: string | undefined;
};

/** An operation, and on request the whole story of the write */
export type OperationStory = {
  readonly id: string;
  readonly type: string;
  readonly entity: Entity;
  readonly status: "accepted" | "running" | "waiting" | "succeeded" | "compensating" | "failed" | "cancelled" | "stuck";
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt?: string | undefined;
  /** The step that is being worked on */
  readonly step?: string | undefined;
  readonly steps: readonly {
    readonly name: string;
    readonly status: "pending" | "running" | "waiting" | "succeeded" | "failed" | "compensating" | "compensated" | "stuck" | "skipped";
    readonly attempts: number;
    readonly error?: StepError | undefined;
  }[];
  /** Any JSON */
  readonly result?: unknown | undefined;
  readonly error?: OperationError | undefined;
  readonly duplicateOf?: string | undefined;
  readonly links: {
    readonly self: string;
    readonly events: string;
    readonly cancel: string;
  };
  /** With `include=deliveries`: what it told, in order, and to whom */
  readonly events?: readonly ToldEvent[] | undefined;
};

export type OperationTypeList = {
  readonly data: readonly {
    readonly type: string;
    /** New operations are accepted under it */
    readonly revision: number;
    /** All that are defined, the newest first; the others end what began under them */
    readonly revisions: readonly {
      readonly revision: number;
      /** Operations that have not ended, of the caller's tenant, with the scope platform of all; for operators */
      readonly unfinished?: number | undefined;
    }[];
    readonly entityType: string;
    readonly steps: readonly {
      readonly name: string;
      readonly kind: string;
      /** It is done before the answer, which is then 201 */
      readonly sync?: true | undefined;
    }[];
    readonly events: readonly string[];
    /** JSON Schema 2020-12 */
    readonly inputSchema: Readonly<Record<string, unknown>>;
    readonly example?: unknown | undefined;
  }[];
  /** Revisions that operations wait for and that this process doesn't have; for operators */
  readonly withoutDefinition?: readonly {
    readonly type: string;
    readonly revision: number;
    /** Operations that have not ended, of the caller's tenant, with the scope platform of all; for operators */
    readonly unfinished?: number | undefined;
  }[] | undefined;
  /** There are too many to count: each number is the least that there are, and 0 says nothing */
  readonly unfinishedIsLeast?: true | undefined;
};

/** A party inside a tenant */
export type Partner = {
  readonly id: string;
  readonly name: string;
  readonly grant: Grant;
  readonly createdAt: string;
};

export type PartnerPage = {
  readonly data: readonly Partner[];
  readonly nextCursor?: string | undefined;
};

/** A refusal as RFC 9457 has it */
export type Problem = {
  readonly type: "https://postback.dev/problems/malformed-json" | "https://postback.dev/problems/invalid-encoding" | "https://postback.dev/problems/invalid-cursor" | "https://postback.dev/problems/invalid-query" | "https://postback.dev/problems/unauthenticated" | "https://postback.dev/problems/forbidden" | "https://postback.dev/problems/not-found" | "https://postback.dev/problems/method-not-allowed" | "https://postback.dev/problems/entity-busy" | "https://postback.dev/problems/too-many-secrets" | "https://postback.dev/problems/operation-ended" | "https://postback.dev/problems/dead-letter-settled" | "https://postback.dev/problems/dead-letter-without-header" | "https://postback.dev/problems/delivery-sending" | "https://postback.dev/problems/endpoint-disabled" | "https://postback.dev/problems/replay-ended" | "https://postback.dev/problems/replay-unfinished" | "https://postback.dev/problems/operation-not-stuck" | "https://postback.dev/problems/request-timeout" | "https://postback.dev/problems/body-too-large" | "https://postback.dev/problems/unsupported-media-type" | "https://postback.dev/problems/invalid-input" | "https://postback.dev/problems/unknown-operation-type" | "https://postback.dev/problems/entity-mismatch" | "https://postback.dev/problems/invalid-id" | "https://postback.dev/problems/step-refused" | "https://postback.dev/problems/idempotency-key-reused" | "https://postback.dev/problems/forbidden-address" | "https://postback.dev/problems/rate-limited" | "https://postback.dev/problems/upgrade-required" | "https://postback.dev/problems/overloaded" | "https://postback.dev/problems/unavailable" | "https://postback.dev/problems/internal";
  readonly title: string;
  readonly status: number;
  /** What is wrong, and what to do about it */
  readonly detail: string;
  readonly errors?: readonly {
    /** JSON pointer (RFC 6901) into the body, '' for the whole of it */
    readonly pointer: string;
    readonly message: string;
  }[] | undefined;
  /** Of `step-refused`: what the step said */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly step: string;
  } | undefined;
};

/** An event to be told without an operation */
export type PublishEvent = {
  readonly type: string;
  readonly entity?: Entity | undefined;
  /** Any JSON */
  readonly data: unknown;
  /** An id of yours: UUIDv7, made in the last 24 hours. The same id is told once */
  readonly id?: string | undefined;
};

/** Which open letters to redrive; without a condition all of them */
export type RedriveDeadLetters = {
  readonly reason?: "unreadable-header" | "unreadable-body" | "wrong-partition" | "id-reused" | "rejected-by-database" | "too-old" | undefined;
  readonly topic?: string | undefined;
  /** Given up at this time or later */
  readonly since?: string | undefined;
  /** Given up before this time */
  readonly until?: string | undefined;
  /** Count only */
  readonly dryRun?: boolean | undefined;
};

/** What a redrive by filter did */
export type RedrivenDeadLetters = {
  /** Letters that this call redrove or, in a dry run, would have */
  readonly count: number;
  /** More of them are open: call again */
  readonly more: boolean;
  readonly dryRun: boolean;
};

/** How an endpoint's secret is rotated */
export type RotateSecret = {
  /** How long the secrets of before still sign; default 86400 */
  readonly overlapSeconds?: number | undefined;
  /** Of the new secret; default: as before */
  readonly signature?: "v1" | "v1a" | undefined;
};

/** Past events that an endpoint gets again, under the same webhook-id */
export type Replay = {
  readonly id: string;
  readonly endpointId: string;
  readonly status: "running" | "paused" | "completed" | "cancelled";
  /** Why it was cancelled: `by-request`, `endpoint-deleted` */
  readonly reason?: string | undefined;
  /** Events accepted at this time or later */
  readonly since: string;
  readonly until: string;
  /** Only events in one of these states at the endpoint; `never`: not delivered and not on their way */
  readonly statuses?: readonly ("never" | "delivered" | "exhausted" | "expired" | "discarded")[] | undefined;
  /** Only these event types, of those that the endpoint subscribes to */
  readonly events?: readonly string[] | undefined;
  /** `since`, or the beginning of what is retained */
  readonly coversFrom: string;
  /** `since` is before `coversFrom`: older events are no longer there */
  readonly isBeyondRetention: boolean;
  readonly rateLimit?: {
    readonly perSecond: number;
  } | undefined;
  /** Events that it covered when it was made */
  readonly total: number;
  /** False: there are at least so many */
  readonly totalIsExact: boolean;
  /** Events that were sent at least once, whatever came of it */
  readonly done: number;
  /** The time of the last event that was judged */
  readonly position?: string | undefined;
  readonly createdAt: string;
  readonly completedAt?: string | undefined;
};

/** What a replay would cover */
export type ReplayCount = {
  readonly count: number;
  /** False: it took too long to count all; there are at least so many */
  readonly countIsExact: boolean;
  /** `since`, or the beginning of what is retained */
  readonly coversFrom: string;
  /** `since` is before `coversFrom`: older events are no longer there */
  readonly isBeyondRetention: boolean;
};

export type ReplayPage = {
  readonly data: readonly Replay[];
  readonly nextCursor?: string | undefined;
};

/** Why a step failed */
export type StepError = {
  readonly code: string;
  readonly message: string;
};

export type StreamMessage = {
  readonly type: "subscribed";
  /** A name of yours; events carry it */
  readonly subscription: string;
} | {
  readonly type: "unsubscribed";
  /** A name of yours; events carry it */
  readonly subscription: string;
} | {
  readonly type: "event";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** A place in the events, opaque; give it back to go on after it */
  readonly cursor: string;
  readonly event: Event;
} | {
  readonly type: "heartbeat";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** A place in the events, opaque; give it back to go on after it */
  readonly cursor: string;
} | {
  readonly type: "resync";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** A place in the events, opaque; give it back to go on after it */
  readonly cursor: string;
} | {
  readonly type: "ended";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** A place in the events, opaque; give it back to go on after it */
  readonly cursor: string;
} | {
  readonly type: "listening";
  /** A name of yours; events carry it */
  readonly subscription: string;
  readonly endpoint: Endpoint;
} | {
  readonly type: "webhook";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** Names a webhook on this connection */
  readonly webhook: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} | {
  readonly type: "error";
  /** A name of yours; events carry it */
  readonly subscription?: string | undefined;
  readonly problem: Problem;
};

export type StreamRequest = {
  readonly type: "subscribe";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** The events of one operation, to its end */
  readonly operation?: string | undefined;
  /** The events of one entity */
  readonly entity?: Entity | undefined;
  /** Patterns, as endpoints have them */
  readonly types?: readonly string[] | undefined;
  /** Where to go on; left out: from now on, of an operation all */
  readonly cursor?: string | undefined;
} | {
  readonly type: "listen";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** Patterns, as endpoints have them */
  readonly types: readonly string[];
} | {
  readonly type: "answer";
  /** A name of yours; events carry it */
  readonly subscription: string;
  /** Names a webhook on this connection */
  readonly webhook: number;
  /** What the receiver answered; 502 where it could not be reached */
  readonly status: number;
  /** The first characters of its answer */
  readonly body?: string | undefined;
} | {
  readonly type: "unsubscribe";
  /** A name of yours; events carry it */
  readonly subscription: string;
};

/** Writes that go together; each is taken or refused by itself */
export type SubmitBatch = {
  readonly operations: readonly BatchItem[];
};

/** A write to be carried out */
export type SubmitOperation = {
  readonly type: string;
  readonly entity?: Entity | undefined;
  /** Any JSON */
  readonly input: unknown;
  /** An id of yours: UUIDv7, made in the last 24 hours */
  readonly id?: string | undefined;
};

/** The border of isolation: keys, partners, endpoints and all data belong to one */
export type Tenant = {
  readonly id: string;
  readonly name: string;
  /** Any JSON */
  readonly quota?: unknown | undefined;
  readonly enabled: boolean;
  readonly disabledAt?: string | undefined;
  readonly createdAt: string;
  /** Its first key, an operator's, to be handed to it: in the answer to the creation only */
  readonly apiKey?: string | undefined;
};

export type TenantPage = {
  readonly data: readonly Tenant[];
  readonly nextCursor?: string | undefined;
};

/** Changes to a key; null takes its end away */
export type UpdateApiKey = {
  readonly name?: string | undefined;
  readonly expiresAt?: string | null | undefined;
};

/** An event of an operation, and who was told of it */
export type ToldEvent = {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly entity?: Entity | undefined;
  readonly operation?: {
    readonly id: string;
    readonly type: string;
  } | undefined;
  /** Any JSON */
  readonly data: unknown;
  /** To whom it went, with every attempt; empty as long as nothing is recorded */
  readonly deliveries: readonly Delivery[];
};

/** Changes to an endpoint; null takes an optional setting away */
export type UpdateEndpoint = {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly filter?: Readonly<Record<string, unknown>> | null | undefined;
  readonly enabled?: boolean | undefined;
  readonly description?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
  /** none: each event by itself; entity: an entity's events one after another; endpoint: all events so */
  readonly ordering?: "none" | "entity" | "endpoint" | undefined;
  readonly orderingValve?: {
    readonly skipAfterAttempts?: number | undefined;
    readonly skipAfterSeconds?: number | undefined;
  } | null | undefined;
  /** Of the webhooks: Standard Webhooks, or CloudEvents 1.0; signed in the same way. Default standard */
  readonly format?: "standard" | "cloudevents-structured" | "cloudevents-binary" | undefined;
  readonly rateLimit?: {
    readonly perSecond: number;
  } | null | undefined;
  readonly concurrency?: number | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly retrySchedule?: readonly number[] | null | undefined;
};

/** Changes to a partner; a grant replaces the one before as a whole */
export type UpdatePartner = {
  readonly name?: string | undefined;
  readonly grant?: Grant | undefined;
};

/** Changes to a tenant; null gives it the usual quota */
export type UpdateTenant = {
  readonly name?: string | undefined;
  readonly quota?: unknown | null | undefined;
  /** Keys of a disabled tenant are refused; nothing of it is deleted */
  readonly enabled?: boolean | undefined;
};

/** The body of a webhook; its id is in the header webhook-id */
export type WebhookBody = {
  readonly type: string;
  readonly timestamp: string;
  readonly entity?: Entity | undefined;
  readonly operation?: {
    readonly id: string;
    readonly type: string;
  } | undefined;
  /** Any JSON */
  readonly data: unknown;
};

/** Every call: its method and path → what goes in and what comes out. */
export interface Calls {
  /** Submit a write */
  "POST /v1/operations": {
    header?: { "Idempotency-Key"?: string | undefined; "Prefer"?: string | undefined; "traceparent"?: string | undefined };
    body: SubmitOperation;
    answer: Operation;
  };
  /** The operations, those with the newest ids first */
  "GET /v1/operations": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined; "entity"?: string | undefined; "type"?: string | undefined; "status"?: NonNullable<Operation["status"]> | undefined; "since"?: string | undefined; "until"?: string | undefined };
    answer: OperationPage;
  };
  /** Submit up to 1000 writes, in 1048576 bytes; each is taken or refused by itself */
  "POST /v1/operations/batch": {
    header?: { "traceparent"?: string | undefined };
    body: SubmitBatch;
    answer: BatchResults;
  };
  /** Ids to use in later writes, which are idempotent by them */
  "POST /v1/operation-ids": {
    body: MakeOperationIds;
    answer: OperationIds;
  };
  /** Status, steps and result of an operation */
  "GET /v1/operations/{id}": {
    path: { "id": string };
    query?: { "wait"?: number | undefined; "include"?: "deliveries" | undefined };
    header?: { "If-None-Match"?: string | undefined };
    answer: OperationStory;
  };
  /** What an operation has told, in order */
  "GET /v1/operations/{id}/events": {
    path: { "id": string };
    header?: { "Last-Event-ID"?: string | undefined };
    answer: EventPage | undefined;
  };
  /** Ask for an operation to be cancelled; what it has done is undone */
  "POST /v1/operations/{id}/cancel": {
    path: { "id": string };
    answer: Operation;
  };
  /** Ask for the compensation that gave up to be tried again */
  "POST /v1/operations/{id}/retry": {
    path: { "id": string };
    answer: Operation;
  };
  /** Ask for the compensation that gave up to be left out; the result names what was not undone */
  "POST /v1/operations/{id}/skip": {
    path: { "id": string };
    answer: Operation;
  };
  /** Read your writes: whether anything of an entity is pending, and on request an answer only when nothing is */
  "GET /v1/entities/{type}/{id}": {
    path: { "type": string; "id": string };
    query?: { "after"?: string | undefined; "wait"?: number | undefined };
    header?: { "If-None-Match"?: string | undefined };
    answer: EntityState;
  };
  /** Operation types that can be submitted, with JSON Schemas; to operators also what is unfinished by revision */
  "GET /v1/operation-types": {
    answer: OperationTypeList;
  };
  /** Publish an event to webhooks, without an operation */
  "POST /v1/events": {
    header?: { "traceparent"?: string | undefined };
    body: PublishEvent;
    answer: Event;
  };
  /** The tenant's events: pages from the oldest on, or a stream from now on */
  "GET /v1/events": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined; "types"?: string | undefined; "entity"?: string | undefined; "since"?: string | undefined };
    header?: { "Last-Event-ID"?: string | undefined };
    answer: FeedPage;
  };
  /** Events of several operations, entities and types over one WebSocket */
  "GET /v1/stream": {
    answer: undefined;
  };
  /** Event types of the catalog, with JSON Schemas */
  "GET /v1/event-types": {
    answer: EventTypeList;
  };
  /** Register a URL for webhooks */
  "POST /v1/endpoints": {
    body: CreateEndpoint;
    answer: Endpoint;
  };
  /** The endpoints */
  "GET /v1/endpoints": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined };
    answer: EndpointPage;
  };
  /** An endpoint */
  "GET /v1/endpoints/{id}": {
    path: { "id": string };
    answer: Endpoint;
  };
  /** Change an endpoint */
  "PATCH /v1/endpoints/{id}": {
    path: { "id": string };
    body: UpdateEndpoint;
    answer: Endpoint;
  };
  /** Take an endpoint away */
  "DELETE /v1/endpoints/{id}": {
    path: { "id": string };
    answer: undefined;
  };
  /** Send a signed test event to an endpoint, whatever it subscribes to */
  "POST /v1/endpoints/{id}/test": {
    path: { "id": string };
    header?: { "traceparent"?: string | undefined };
    answer: Delivery;
  };
  /** What an endpoint's webhooks are verified with */
  "GET /v1/endpoints/{id}/secret": {
    path: { "id": string };
    answer: EndpointSecret;
  };
  /** Give an endpoint a new secret; it signs when this is answered, those of before until they end */
  "POST /v1/endpoints/{id}/secret/rotate": {
    path: { "id": string };
    body: RotateSecret;
    answer: EndpointSecret;
  };
  /** Public keys that webhooks of a tenant are verified with, those of the newest endpoints first */
  "GET /v1/tenants/{tenantId}/jwks.json": {
    path: { "tenantId": string };
    query?: { "endpoint"?: string | undefined };
    answer: KeySet;
  };
  /** An endpoint's deliveries with their attempts, the newest events first */
  "GET /v1/endpoints/{id}/deliveries": {
    path: { "id": string };
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined; "status"?: NonNullable<Delivery["status"]> | undefined };
    answer: DeliveryPage;
  };
  /** How far an endpoint is behind: its backlog, and the oldest event that it has not got */
  "GET /v1/endpoints/{id}/freshness": {
    path: { "id": string };
    answer: Freshness;
  };
  /** Have past events sent again, under the same webhook-id; or count them (dryRun) */
  "POST /v1/endpoints/{id}/replays": {
    path: { "id": string };
    body: CreateReplay;
    answer: ReplayCount | Replay;
  };
  /** An endpoint's replays, the newest first */
  "GET /v1/endpoints/{id}/replays": {
    path: { "id": string };
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined };
    answer: ReplayPage;
  };
  /** A replay with its progress */
  "GET /v1/endpoints/{id}/replays/{replayId}": {
    path: { "id": string; "replayId": string };
    answer: Replay;
  };
  /** Cancel a replay; what waits of it is discarded, what is being sent comes */
  "DELETE /v1/endpoints/{id}/replays/{replayId}": {
    path: { "id": string; "replayId": string };
    answer: Replay;
  };
  /** Pause a replay; the few that it has made already still come */
  "POST /v1/endpoints/{id}/replays/{replayId}/pause": {
    path: { "id": string; "replayId": string };
    answer: Replay;
  };
  /** Let a paused replay go on where it was */
  "POST /v1/endpoints/{id}/replays/{replayId}/resume": {
    path: { "id": string; "replayId": string };
    answer: Replay;
  };
  /** A delivery with every attempt */
  "GET /v1/deliveries/{id}": {
    path: { "id": string };
    answer: Delivery;
  };
  /** Send a delivery again now, whatever became of it; its attempts are counted on */
  "POST /v1/deliveries/{id}/retry": {
    path: { "id": string };
    answer: Delivery;
  };
  /** Messages that were given up, the newest first; those without a tenant for the platform alone */
  "GET /v1/dead-letters": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined; "reason"?: NonNullable<DeadLetter["reason"]> | undefined; "topic"?: NonNullable<DeadLetter["topic"]> | undefined; "status"?: NonNullable<DeadLetter["status"]> | undefined; "since"?: NonNullable<RedriveDeadLetters["since"]> | undefined; "until"?: NonNullable<RedriveDeadLetters["until"]> | undefined };
    answer: DeadLetterPage;
  };
  /** A dead letter; with its message for an operator of its tenant */
  "GET /v1/dead-letters/{id}": {
    path: { "id": string };
    answer: DeadLetter;
  };
  /** Send a dead letter again, as a new message at the log's end */
  "POST /v1/dead-letters/{id}/redrive": {
    path: { "id": string };
    query?: { "force"?: boolean | undefined };
    answer: DeadLetter;
  };
  /** Send open dead letters again, at most 1,000 in a call; each partition's in the order of the log */
  "POST /v1/dead-letters/redrive": {
    body: RedriveDeadLetters;
    answer: RedrivenDeadLetters;
  };
  /** Decide that a dead letter is not to be redriven */
  "POST /v1/dead-letters/{id}/discard": {
    path: { "id": string };
    answer: DeadLetter;
  };
  /** How far the consumer groups are behind, as this instance saw it within the last 10 s */
  "GET /v1/lag": {
    answer: Lag;
  };
  /** Make an API key; nobody can give it a scope that his own lacks */
  "POST /v1/api-keys": {
    body: CreateApiKey;
    answer: ApiKey;
  };
  /** The tenant's API keys, those that were revoked too */
  "GET /v1/api-keys": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined };
    answer: ApiKeyPage;
  };
  /** An API key, without what opens anything */
  "GET /v1/api-keys/{id}": {
    path: { "id": string };
    answer: ApiKey;
  };
  /** Change a key's name or end; not of a key with a scope that one's own lacks */
  "PATCH /v1/api-keys/{id}": {
    path: { "id": string };
    body: UpdateApiKey;
    answer: ApiKey;
  };
  /** Revoke a key: within a second no process takes it any more */
  "DELETE /v1/api-keys/{id}": {
    path: { "id": string };
    answer: undefined;
  };
  /** Add a partner; without a grant it sees nothing */
  "POST /v1/partners": {
    body: CreatePartner;
    answer: Partner;
  };
  /** The tenant's partners */
  "GET /v1/partners": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined };
    answer: PartnerPage;
  };
  /** A partner with its grant */
  "GET /v1/partners/{id}": {
    path: { "id": string };
    answer: Partner;
  };
  /** Change a partner; when a changed grant is answered, every live dispatcher goes by it */
  "PATCH /v1/partners/{id}": {
    path: { "id": string };
    body: UpdatePartner;
    answer: Partner;
  };
  /** Take a partner away: its keys are revoked and its endpoints deleted */
  "DELETE /v1/partners/{id}": {
    path: { "id": string };
    answer: undefined;
  };
  /** Add a tenant with its first API key, an operator's */
  "POST /v1/tenants": {
    body: CreateTenant;
    answer: Tenant;
  };
  /** The tenants; never what is in them */
  "GET /v1/tenants": {
    query?: { "limit"?: number | undefined; "cursor"?: string | undefined };
    answer: TenantPage;
  };
  /** A tenant */
  "GET /v1/tenants/{id}": {
    path: { "id": string };
    answer: Tenant;
  };
  /** Change a tenant's name or quota, disable or enable it */
  "PATCH /v1/tenants/{id}": {
    path: { "id": string };
    body: UpdateTenant;
    answer: Tenant;
  };
  /** Disable a tenant: its keys are refused within a second, and nothing of it is deleted */
  "DELETE /v1/tenants/{id}": {
    path: { "id": string };
    answer: undefined;
  };
}
