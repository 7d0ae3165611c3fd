import { Kafka, logLevel } from "kafkajs";
import type { ShopStack } from "./shop-stack.ts";

/** A consumer group and the topic that it reads, without the stack's prefix. */
export interface ReadingGroup {
  readonly group: string;
  readonly topic: string;
}

/** Where consumer groups of a stack stand. */
export class GroupOffsets implements AsyncDisposable {
  readonly #admin: ReturnType<Kafka["admin"]>;
  readonly #prefix: string;

  private constructor(admin: ReturnType<Kafka["admin"]>, prefix: string) {
    this.#admin = admin;
    this.#prefix = prefix;
  }

  static async of({ stack, topicPrefix }: ShopStack): Promise<GroupOffsets> {
    const kafka = new Kafka({ clientId: "offsets", brokers: [...stack.kafka], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    return new GroupOffsets(admin, topicPrefix);
  }

  /** Sets a group back to the first message. @throws while it has a member */
  async toBeginning({ group, topic }: ReadingGroup): Promise<void> {
    const partitions = await this.#ends(topic);
    await this.#admin.setOffsets({
      groupId: this.#prefix + group,
      topic: this.#prefix + topic,
      partitions: partitions.map(({ partition }) => ({ partition, offset: "0" })),
    });
  }

  /** Messages that a group has not committed. */
  async lag({ group, topic }: ReadingGroup): Promise<number> {
    const [committed] = await this.#admin.fetchOffsets({
      groupId: this.#prefix + group,
      topics: [this.#prefix + topic],
    });
    const of = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
    const ends = await this.#ends(topic);
    return ends.reduce((sum, { partition, high }) => sum + Number(high) - (of.get(partition) ?? 0), 0);
  }

  /** Messages that a topic holds. */
  async length(topic: string): Promise<number> {
    return (await this.#ends(topic)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  }

  #ends(topic: string) {
    return this.#admin.fetchTopicOffsets(this.#prefix + topic);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
  }
}
