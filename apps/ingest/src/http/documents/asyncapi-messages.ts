import {
  commandHeaderSchema,
  deadLetterHeaderSchema,
  entitySchema,
  eventHeaderSchema,
  stepHeaderSchema,
  webhookBodySchema,
} from "@postback/contracts";
import type { Catalog } from "@postback/operations";
import type { z } from "zod";
import { newestOf } from "../types/type-lists.ts";
import type { ChannelName } from "./asyncapi-topics.ts";
import { type JsonObject, jsonSchemas } from "./schemas.ts";

type AsyncapiCatalog = Pick<Catalog, "operations" | "events">;

const contracts: Readonly<Record<string, z.ZodType>> = {
  Entity: entitySchema,
  CommandHeader: commandHeaderSchema,
  StepHeader: stepHeaderSchema,
  EventHeader: eventHeaderSchema,
  DeadLetterHeader: deadLetterHeaderSchema,
  WebhookBody: webhookBodySchema,
};

const inputName = (type: string): string => `input.${type}`;
const dataName = (type: string): string => `data.${type}`;
const commandName = (type: string): string => `command.${type}`;
const eventName = (type: string): string => `event.${type}`;

/** The headers, the bodies, and what the catalog says of inputs and data: draft-07, which AsyncAPI's schemas are. */
export function asyncapiSchemas({ operations, events }: AsyncapiCatalog): JsonObject {
  const inputs = newestOf(operations).map(({ type, input }) => [inputName(type), input] as const);
  const data = [...events].map(([type, { schema }]) => [dataName(type), schema] as const);
  return jsonSchemas({ ...contracts, ...Object.fromEntries([...inputs, ...data]) }, "draft-07");
}

/** The messages of each channel, by their names in the components. */
export const messageNames = ({ operations, events }: AsyncapiCatalog): Record<ChannelName, string[]> => ({
  commands: newestOf(operations).map(({ type }) => commandName(type)),
  queue: ["step"],
  events: ["event", ...[...events.keys()].map(eventName)],
  deadLetters: ["deadLetter"],
});

/** Every message: what is in its packed header, and what its value is. */
export function messageObjects({ operations, events }: AsyncapiCatalog): JsonObject {
  const commands = newestOf(operations).map(({ type, entity, example }) => [
    commandName(type),
    {
      ...packed("CommandHeader", `Write of the type ${type}`, `The value is its input. Entity: ${entity.type}.`),
      payload: schemaRef(inputName(type)),
      ...(example === undefined ? {} : { examples: [{ name: type, payload: example }] }),
    },
  ]);
  const told = [...events.keys()].map((type) => [
    eventName(type),
    { ...packed("EventHeader", `Event ${type}`, "Told by a step."), payload: webhookOf(type) },
  ]);
  return {
    ...Object.fromEntries([...commands, ...told]),
    event: {
      ...packed(
        "EventHeader",
        "Any event",
        "`operation.succeeded`, `operation.failed`, `operation.cancelled` and `operation.stuck` of every operation type, and events without an operation. Without an entity the key is empty.",
      ),
      payload: schemaRef("WebhookBody"),
    },
    step: {
      ...packed("StepHeader", "A step to be run", "It has no value: the worker reads the operation's row."),
      payload: { type: "null" },
    },
    deadLetter: deadLetterMessage,
  };
}

const schemaRef = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

const packedHeader = (schema: string): JsonObject => ({
  type: "string",
  description: `JSON text: see ${schema}. All that is needed without the value, in one header.`,
  contentMediaType: "application/json",
  contentSchema: schemaRef(schema),
});

const packed = (header: string, title: string, summary: string): JsonObject => ({
  title,
  summary,
  contentType: "application/json",
  headers: { type: "object", required: ["pb"], properties: { pb: packedHeader(header) } },
  bindings: {
    kafka: {
      key: { type: "string", description: "`{tenant}:{entity.type}:{entity.id}`; the partition is its murmur2" },
      bindingVersion: "0.5.0",
    },
  },
});

const webhookOf = (type: string): JsonObject => ({
  allOf: [
    schemaRef("WebhookBody"),
    { type: "object", properties: { type: { const: type }, data: schemaRef(dataName(type)) } },
  ],
});

const deadLetterMessage: JsonObject = {
  title: "A message that was given up",
  summary: "Key and value are those of the origin; one that is too large with our header is kept without them.",
  contentType: "application/octet-stream",
  headers: {
    type: "object",
    required: ["pb"],
    properties: {
      pb: packedHeader("DeadLetterHeader"),
      "pb-origin": { type: "string", description: "The header `pb` of the origin, if it had one" },
    },
  },
  payload: { description: "Any bytes" },
};
