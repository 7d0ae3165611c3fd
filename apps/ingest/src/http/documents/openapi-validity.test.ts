import { problems } from "@postback/contracts";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { answerExamples } from "./answer-examples.ts";
import { openapiDocument } from "./openapi.ts";
import { named, type SchemaName } from "./schemas.ts";

type Media = { schema?: object; example?: unknown; examples?: object };
type Operation = {
  operationId: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
};

const document = openapiDocument("1.0.0");
const operations = Object.values(document["paths"] as Record<string, Record<string, Operation>>).flatMap((methods) =>
  Object.values(methods),
);

test("is an OpenAPI 3.1 document, as the specification's own schema has it", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  expect(valid, JSON.stringify(errors)).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("the specification's schema refuses a document whose answers have no description", async () => {
  const broken = { ...document, paths: { "/x": { get: { responses: { 200: {} } } } } };
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

test("every call has an id of its own, which clients are made by", () => {
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain("getOperationsById");
});

test("every body that is asked for has an example", () => {
  const bodies = operations.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}));
  expect(bodies.length).toBeGreaterThan(5);
  expect(bodies.filter(({ example }) => example === undefined)).toEqual([]);
});

test("every problem has an example, and each call names those that it answers with", () => {
  const { examples } = document["components"] as { examples: object };
  expect(Object.keys(examples)).toEqual(Object.keys(problems));
  const content = operations.flatMap(({ responses }) =>
    Object.values(responses).flatMap((response) => response.content?.["application/problem+json"] ?? []),
  );
  expect(content.filter((media) => media.examples === undefined)).toEqual([]);
});

test.each(Object.entries(answerExamples))("the example of %s is one", (name, example) => {
  expect(named[name as SchemaName].parse(example)).toEqual(example);
});

test("the webhook has the headers of Standard Webhooks, each marked as required", () => {
  const { webhooks } = document as {
    webhooks: { event: { post: { parameters: { name: string; required: boolean }[] } } };
  };
  const required = webhooks.event.post.parameters.filter((each) => each.required).map(({ name }) => name);
  expect(required).toEqual(expect.arrayContaining(["webhook-id", "webhook-timestamp", "webhook-signature"]));
});
