import { answerExamples } from "./answer-examples.ts";
import { calls, openapiPaths, tagOf } from "./paths.ts";
import { problemExamples, problemTypes } from "./problem-responses.ts";
import { componentSchemas, type JsonObject, schemaRef } from "./schemas.ts";

const header = (name: string, description: string, required = true): JsonObject => ({
  name,
  in: "header",
  required,
  description,
  schema: { type: "string" },
});

const webhook: JsonObject = {
  post: {
    summary: "An event that an endpoint subscribes to",
    description:
      "Standard Webhooks 1.0: check the signature over `{webhook-id}.{webhook-timestamp}.{body}` with the secret.",
    security: [],
    parameters: [
      header("webhook-id", "Id of the event: the same for each attempt, so it serves to recognise a repetition"),
      header("webhook-timestamp", "When this attempt was signed, seconds since 1970"),
      header(
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 in base64, or `v1a,` and the ed25519 signature; several, separated by spaces, while a secret is rotated",
      ),
      header("traceparent", "W3C trace context of the request that caused the event"),
      header("postback-attempt", "Which attempt of this delivery it is, from 1"),
      header(
        "postback-replay",
        "Id of the replay, on its attempts alone: lets them past what drops repetitions",
        false,
      ),
    ],
    requestBody: {
      required: true,
      content: { "application/json": { schema: schemaRef("WebhookBody"), example: answerExamples.WebhookBody } },
    },
    responses: {
      "2XX": { description: "Received. Every other answer, a redirect too, is a failure and is tried again" },
      "410": { description: "Gone: the endpoint is disabled" },
      "429": { description: "Slower: Retry-After pauses all deliveries to the endpoint" },
    },
  },
};

/** The HTTP API as an OpenAPI 3.1 document, made from the contracts. */
export const openapiDocument = (version: string): JsonObject => ({
  openapi: "3.1.0",
  info: {
    title: "Postback",
    version,
    description:
      "Writes that take several steps are accepted in milliseconds, done in the background, and told by signed webhook. " +
      "Every refusal is a problem (RFC 9457) of a closed list of types.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  security: [{ apiKey: [] }],
  tags: [...new Set(Object.keys(calls).map(tagOf))].map((name) => ({ name })),
  paths: openapiPaths(),
  webhooks: { event: webhook },
  components: {
    schemas: withClosedTypes(componentSchemas()),
    examples: problemExamples(),
    securitySchemes: {
      apiKey: { type: "http", scheme: "bearer", bearerFormat: "pb_<env>_<keyid>_<secret>" },
    },
  },
});

/** In the contract the type of a problem is any text, so that an older reader takes a newer server's. */
function withClosedTypes(schemas: JsonObject): JsonObject {
  const problem = schemas["Problem"] as { properties: JsonObject };
  const type = { type: "string", enum: problemTypes };
  return { ...schemas, Problem: { ...problem, properties: { ...problem.properties, type } } };
}
