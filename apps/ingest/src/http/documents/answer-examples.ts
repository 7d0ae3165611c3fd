import type {
  DeadLetter,
  Delivery,
  Endpoint,
  EntityState,
  Event,
  Operation,
  OperationIds,
  WebhookBody,
} from "@postback/contracts";
import type { SchemaName } from "./schemas.ts";

const operationId = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const eventId = "0192f0c1-9a10-7d42-8e6b-5a0c1d2e3f40";
const endpointId = "0192ef00-77aa-7b01-9c3d-0a1b2c3d4e5f";
const createdAt = "2026-11-24T09:30:00.000Z";
const endedAt = "2026-11-24T09:30:00.180Z";
const entity = { type: "order", id: "order-123" };
const data = { orderId: "order-123", customerId: "customer-7", currency: "EUR", amount: 4200, paymentId: "pay_1" };

const operation: Operation = {
  id: operationId,
  type: "order.place",
  entity,
  status: "succeeded",
  createdAt,
  updatedAt: endedAt,
  completedAt: endedAt,
  steps: ["reserve-stock", "charge-payment", "confirm-order"].map((name) => ({
    name,
    status: "succeeded",
    attempts: 1,
  })),
  result: { orderId: "order-123", paymentId: "pay_1" },
  links: {
    self: `/v1/operations/${operationId}`,
    events: `/v1/operations/${operationId}/events`,
    cancel: `/v1/operations/${operationId}/cancel`,
  },
};
const webhookBody: WebhookBody = {
  type: "order.placed",
  timestamp: endedAt,
  entity,
  operation: { id: operationId, type: "order.place" },
  data,
};
const event: Event = { id: eventId, ...webhookBody };
const endpoint: Endpoint = {
  id: endpointId,
  url: "https://example.com/hooks",
  events: ["order.*"],
  enabled: true,
  headers: {},
  ordering: "none",
  format: "standard",
  signature: "v1",
  createdAt,
};
const delivery: Delivery = {
  id: "dlv_AZLwwStefDqdXj8aW3ydAQGS8METXnw6nV4_Glt8nQI",
  eventId,
  eventType: "order.placed",
  endpointId,
  status: "delivered",
  attempts: [
    { number: 1, at: endedAt, durationMs: 31, outcome: "refused", status: 503, response: "starting" },
    { number: 2, at: "2026-11-24T09:30:05.400Z", durationMs: 12, outcome: "accepted", status: 204 },
  ],
};
const deadLetter: DeadLetter = {
  id: "dlt_AAAAAgAAAAAAAAAqY29tbWFuZHM",
  topic: "commands",
  partition: 2,
  offset: 42,
  reason: "unreadable-header",
  detail: "the header pb is missing",
  status: "open",
  createdAt,
};
const entityState: EntityState = { entity, pending: 0, lastOperation: operation, settled: true };
const operationIds: OperationIds = { ids: [operationId] };

/** How answers look, by the schema that they have; a test reads each with it. */
export const answerExamples = {
  BatchResults: { results: [{ status: 202, operation: { ...accepted(operation) } }] },
  DeadLetter: deadLetter,
  DeadLetterPage: { data: [deadLetter] },
  Delivery: delivery,
  DeliveryPage: { data: [delivery] },
  Endpoint: endpoint,
  EndpointPage: { data: [endpoint] },
  EntityState: entityState,
  Event: event,
  EventPage: { data: [event] },
  FeedPage: { data: [event], nextCursor: "AbC" },
  Operation: operation,
  OperationIds: operationIds,
  OperationPage: { data: [operation], nextCursor: "eyJpZCI6IjAxOTIifQ" },
  OperationStory: operation,
  RedrivenDeadLetters: { count: 3, more: false, dryRun: true },
  WebhookBody: webhookBody,
} as const satisfies Partial<Record<SchemaName, unknown>>;

/** The same operation as it is in the answer to its submission. */
function accepted({ completedAt: _, result: __, ...rest }: Operation): Operation {
  const steps = rest.steps.map(({ name }) => ({ name, status: "pending" as const, attempts: 0 }));
  return { ...rest, status: "accepted", updatedAt: createdAt, steps };
}

export const acceptedOperation: Operation = accepted(operation);
