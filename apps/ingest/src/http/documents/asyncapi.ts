import type { Catalog } from "@postback/operations";
import { asyncapiSchemas, messageNames, messageObjects } from "./asyncapi-messages.ts";
import { channelObjects, operationObjects } from "./asyncapi-topics.ts";
import type { JsonObject } from "./schemas.ts";

export interface AsyncapiOptions {
  version: string;
  /** Of the topics and groups. */
  prefix: string;
  catalog: Pick<Catalog, "operations" | "events" | "queues">;
}

/**
 * Every topic, message, header, producer and consumer as an AsyncAPI 3.0 document, made from the contracts and the catalog.
 * It is written from our side: `send` is what an app of ours produces.
 */
export const asyncapiDocument = ({ version, prefix, catalog }: AsyncapiOptions): JsonObject => ({
  asyncapi: "3.0.0",
  info: {
    title: "Postback on Kafka",
    version,
    description:
      "The topics between ingest, processor and webhook-dispatcher. They are ours: others submit by HTTP and are told by webhook or stream.",
    license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    tags: ["ingest", "processor", "webhook-dispatcher"].map((name) => ({ name })),
  },
  defaultContentType: "application/json",
  channels: withQueues(channelObjects(prefix, messageNames(catalog)), catalog.queues),
  operations: operationObjects(prefix),
  components: { schemas: asyncapiSchemas(catalog), messages: messageObjects(catalog) },
});

const withQueues = (channels: Record<string, object>, queues: readonly string[]): JsonObject => ({
  ...channels,
  queue: {
    ...channels["queue"],
    parameters: {
      queue: { description: "The queue that a step names", ...(queues.length === 0 ? {} : { enum: queues }) },
    },
  },
});
