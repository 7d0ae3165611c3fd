import type { TopicPartition } from "./partition-progress.ts";

interface Pausable {
  pause(topics: { topic: string; partitions?: number[] }[]): void;
  resume(topics: { topic: string; partitions?: number[] }[]): void;
}

/** What is paused on purpose. kafkajs forgets pauses when it starts anew, so they are kept here and applied on every change and join. */
export class Pauses {
  readonly #topics: readonly string[];
  readonly #reasons = new Set<string>();
  readonly #partitions = new Map<string, Set<number>>();

  constructor(topics: readonly string[]) {
    this.#topics = topics;
  }

  hold(reason: string): void {
    this.#reasons.add(reason);
  }

  release(reason: string): void {
    this.#reasons.delete(reason);
  }

  pause({ topic, partition }: TopicPartition): void {
    const paused = this.#partitions.get(topic) ?? new Set();
    this.#partitions.set(topic, paused.add(partition));
  }

  resume({ topic, partition }: TopicPartition): void {
    this.#partitions.get(topic)?.delete(partition);
  }

  get held(): boolean {
    return this.#reasons.size > 0;
  }

  isPaused({ topic, partition }: TopicPartition): boolean {
    return this.held || this.#partitions.get(topic)?.has(partition) === true;
  }

  applyTo(consumer: Pausable): void {
    const all = this.#topics.map((topic) => ({ topic }));
    if (this.held) {
      consumer.pause(all);
      return;
    }
    consumer.resume(all);
    for (const [topic, partitions] of this.#partitions) {
      if (partitions.size > 0) consumer.pause([{ topic, partitions: [...partitions] }]);
    }
  }
}
