import {
  apiKeySchema,
  attemptSchema,
  batchItemSchema,
  batchResultSchema,
  batchResultsSchema,
  createApiKeySchema,
  createEndpointSchema,
  createPartnerSchema,
  createReplaySchema,
  createTenantSchema,
  deadLetterSchema,
  deliverySchema,
  endpointSchema,
  endpointSecretSchema,
  entitySchema,
  entityStateSchema,
  errorSchema,
  eventSchema,
  feedPageSchema,
  freshnessSchema,
  grantSchema,
  jwksSchema,
  lagSchema,
  makeOperationIdsSchema,
  operationErrorSchema,
  operationIdsSchema,
  operationSchema,
  operationStorySchema,
  pageOf,
  partnerSchema,
  problemSchema,
  publishEventSchema,
  redriveDeadLettersSchema,
  redrivenDeadLettersSchema,
  replayCountSchema,
  replaySchema,
  rotateSecretSchema,
  streamMessageSchema,
  streamRequestSchema,
  submitBatchSchema,
  submitOperationSchema,
  tenantSchema,
  toldEventSchema,
  updateApiKeySchema,
  updateEndpointSchema,
  updatePartnerSchema,
  updateTenantSchema,
  webhookBodySchema,
} from "@postback/contracts";
import { z } from "zod";
import { eventTypeListSchema, operationTypeListSchema } from "../types/type-lists.ts";

/** The contracts that the document names. */
export const named = {
  ApiKey: apiKeySchema,
  ApiKeyPage: pageOf(apiKeySchema),
  Attempt: attemptSchema,
  CreateApiKey: createApiKeySchema,
  BatchItem: batchItemSchema,
  BatchResult: batchResultSchema,
  BatchResults: batchResultsSchema,
  CreateEndpoint: createEndpointSchema,
  CreatePartner: createPartnerSchema,
  CreateTenant: createTenantSchema,
  CreateReplay: createReplaySchema,
  DeadLetter: deadLetterSchema,
  DeadLetterPage: pageOf(deadLetterSchema),
  Delivery: deliverySchema,
  DeliveryPage: pageOf(deliverySchema),
  Endpoint: endpointSchema,
  EndpointPage: pageOf(endpointSchema),
  EndpointSecret: endpointSecretSchema,
  Entity: entitySchema,
  EntityState: entityStateSchema,
  Event: eventSchema,
  EventPage: pageOf(eventSchema),
  FeedPage: feedPageSchema,
  EventTypeList: eventTypeListSchema,
  Grant: grantSchema,
  KeySet: jwksSchema,
  Freshness: freshnessSchema,
  Lag: lagSchema,
  MakeOperationIds: makeOperationIdsSchema,
  Operation: operationSchema,
  OperationError: operationErrorSchema,
  OperationIds: operationIdsSchema,
  OperationPage: pageOf(operationSchema),
  OperationStory: operationStorySchema,
  OperationTypeList: operationTypeListSchema,
  Partner: partnerSchema,
  PartnerPage: pageOf(partnerSchema),
  Problem: problemSchema,
  PublishEvent: publishEventSchema,
  RedriveDeadLetters: redriveDeadLettersSchema,
  RedrivenDeadLetters: redrivenDeadLettersSchema,
  RotateSecret: rotateSecretSchema,
  Replay: replaySchema,
  ReplayCount: replayCountSchema,
  ReplayPage: pageOf(replaySchema),
  StepError: errorSchema,
  StreamMessage: streamMessageSchema,
  StreamRequest: streamRequestSchema,
  SubmitBatch: submitBatchSchema,
  SubmitOperation: submitOperationSchema,
  Tenant: tenantSchema,
  TenantPage: pageOf(tenantSchema),
  UpdateApiKey: updateApiKeySchema,
  ToldEvent: toldEventSchema,
  UpdateEndpoint: updateEndpointSchema,
  UpdatePartner: updatePartnerSchema,
  UpdateTenant: updateTenantSchema,
  WebhookBody: webhookBodySchema,
};

export type SchemaName = keyof typeof named;
export type JsonObject = { [key: string]: unknown };

const uriOf = (name: string): string => `#/components/schemas/${name}`;

/** A reference to one of the named schemas. */
export const schemaRef = (name: SchemaName): JsonObject => ({ $ref: uriOf(name) });

/** The contracts as JSON Schema (2020-12, which OpenAPI 3.1 takes as it is). */
export const componentSchemas = (): JsonObject => jsonSchemas(named, "draft-2020-12");

/** Schemas by their names, which refer to each other as components of a document do. */
export function jsonSchemas(
  schemasByName: Readonly<Record<string, z.ZodType>>,
  target: "draft-2020-12" | "draft-07",
): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemasByName)) registry.add(schema, { id });
  // "input": answers may get more fields, so their objects stay open; what is strict for requests stays strict.
  const { schemas } = z.toJSONSchema(registry, {
    uri: uriOf,
    io: "input",
    target,
    unrepresentable: "any",
    override: tidy,
  });
  const { __shared: _, ...own } = schemas;
  return Object.fromEntries(Object.entries(own).map(([name, schema]) => [name, withAnyJson(schema)]));
}

/** For readers: a format says enough without zod's pattern for it, and examples are a list in 2020-12. */
function tidy({ jsonSchema }: { jsonSchema: JsonObject }): void {
  if (jsonSchema["format"] !== undefined) delete jsonSchema["pattern"];
  if (jsonSchema["minimum"] === Number.MIN_SAFE_INTEGER) delete jsonSchema["minimum"];
  if (jsonSchema["maximum"] === Number.MAX_SAFE_INTEGER) delete jsonSchema["maximum"];
  if (jsonSchema["example"] === undefined) return;
  jsonSchema["examples"] = [jsonSchema["example"]];
  delete jsonSchema["example"];
}

/** zod writes `z.json()` as a recursive schema aside; the empty schema says the same: any JSON. */
function withAnyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withAnyJson);
  if (typeof value !== "object" || value === null) return value;
  const { $schema: _, $id: __, ...rest } = value as JsonObject;
  if (String(rest["$ref"]).includes("__shared")) return { description: "Any JSON" };
  return Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, withAnyJson(each)]));
}
