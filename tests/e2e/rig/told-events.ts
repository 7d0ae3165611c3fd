import { eventHeaderSchema, unpackHeader } from "@postback/contracts";
import { topicNames } from "@postback/kafka";
import { Kafka, type KafkaMessage, logLevel } from "kafkajs";
import { afterAll, beforeAll } from "vitest";
import type { ShopStack } from "./shop-stack.ts";

/** A message of the topic `events`. */
export interface ToldEvent {
  readonly id: string;
  readonly type: string;
  readonly operationId: string | undefined;
  readonly partition: number;
  readonly number: bigint;
  readonly body: string;
}

/** What stands in `events`, of the operations of a stack, as long as it is open. */
export class ToldEvents implements AsyncDisposable {
  readonly #messages: ToldEvent[] = [];
  readonly #opened = new AsyncDisposableStack();

  static async read({ stack, topicPrefix }: ShopStack): Promise<ToldEvents> {
    const events = new ToldEvents();
    const kafka = new Kafka({ clientId: "reader", brokers: [...stack.kafka], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `${topicPrefix}reader-of-events`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    events.#opened.defer(() => consumer.disconnect());
    await consumer.subscribe({ topic: topicNames(topicPrefix).events, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        events.#messages.push(readEvent(partition, message));
      },
    });
    return events;
  }

  /** Each message, also those that were published again. */
  get messages(): readonly ToldEvent[] {
    return this.#messages;
  }

  /** As a reader takes them: without those whose number is not above the highest of their partition (design §3.3). */
  taken(): ToldEvent[] {
    const highest = new Map<number, bigint>();
    return this.#messages.filter(({ partition, number }) => {
      if (number <= (highest.get(partition) ?? 0n)) return false;
      highest.set(partition, number);
      return true;
    });
  }

  /** The same of one operation. */
  of(operationId: string): ToldEvent[] {
    return this.taken().filter((event) => event.operationId === operationId);
  }

  /** Messages whose event has no row: nobody committed it. */
  async phantoms(db: ShopStack["db"]): Promise<ToldEvent[]> {
    const { rows } = await db.query<{ id: string; number: string }>("SELECT id, number::text AS number FROM events");
    const committed = new Set(rows.map(({ id, number }) => `${id} ${number}`));
    return this.#messages.filter(({ id, number }) => !committed.has(`${id} ${number}`));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

function readEvent(partition: number, { headers, value }: KafkaMessage): ToldEvent {
  const unpacked = unpackHeader(eventHeaderSchema, headers?.["pb"]?.toString());
  if (!unpacked.ok) throw new Error(unpacked.detail);
  const { id, type, operation, number = "0" } = unpacked.header;
  return { id, type, operationId: operation?.id, partition, number: BigInt(number), body: value?.toString() ?? "" };
}

/** The events of a test file's stack, from before its tests until after them. Call it after `useShopStack`. */
export function useToldEvents(shop: () => ShopStack): () => ToldEvents {
  let told: ToldEvents | undefined;
  beforeAll(async () => {
    told = await ToldEvents.read(shop());
  });
  afterAll(() => told?.[Symbol.asyncDispose]());
  return () => {
    if (!told) throw new Error("events are read only from before the tests until after them");
    return told;
  };
}
