import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KafkaUnavailable } from "../errors.ts";
import type { PartitionResponse } from "./acknowledgements.ts";
import { BatchingProducer, type ProducerOptions } from "./create-producer.ts";
import type { OutgoingMessage } from "./message.ts";
import type { Transport } from "./transport.ts";

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const message = (value: string, partition = 0): OutgoingMessage => ({
  topic: "t",
  partition,
  key: null,
  value,
  header: "{}",
});

/** Logs of partitions in memory; `answer` may refuse, lose or delay a request. */
class Logs implements Transport {
  readonly requests: string[][] = [];
  readonly written: string[] = [];
  reconnects = 0;
  answer: (messages: readonly OutgoingMessage[], attempt: number) => Promise<number[]> = async (messages) =>
    messages.map(({ partition }) => partition);

  async sendBatch(messages: readonly OutgoingMessage[]): Promise<PartitionResponse[]> {
    this.requests.push(messages.map(({ value }) => String(value)));
    const partitions = new Set(await this.answer(messages, this.requests.length));
    const base = this.written.length;
    this.written.push(
      ...messages.filter(({ partition }) => partitions.has(partition)).map(({ value }) => String(value)),
    );
    return [...partitions].map((partition) => ({ topicName: "t", partition, errorCode: 0, baseOffset: String(base) }));
  }
  async reconnect() {
    this.reconnects += 1;
  }
  async close() {}
}

const BOUNDS: Required<ProducerOptions> = {
  waitingMax: 100,
  waitingMaxBytes: 100_000,
  batchMaxMessages: 10,
  batchMaxBytes: 10_000,
  messageMaxBytes: 5_000,
  sendTimeoutMs: 10_000,
};

let logs: Logs;
const producer = (bounds: ProducerOptions = {}) => new BatchingProducer(logs, logger, { ...BOUNDS, ...bounds });

beforeEach(() => {
  vi.useFakeTimers();
  logs = new Logs();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The outcome of each promise, awaited with the clock running on. */
async function outcomes(promises: Promise<unknown>[]): Promise<unknown[]> {
  const all = Promise.allSettled(promises);
  await vi.runAllTimersAsync();
  return (await all).map((result) => (result.status === "fulfilled" ? result.value : result.reason));
}

describe("batches", () => {
  test("what is sent in one go shares the first request", async () => {
    await outcomes([producer().sendAll([message("a"), message("b")])]);
    expect(logs.requests).toEqual([["a", "b"]]);
  });

  test("what comes while a request is under way shares the next one, and waits for its answer", async () => {
    const gate = Promise.withResolvers<void>();
    logs.answer = async (messages, attempt) => {
      if (attempt === 1) await gate.promise;
      return messages.map(({ partition }) => partition);
    };
    const p = producer();
    const first = p.send(message("a"));
    await vi.advanceTimersByTimeAsync(1);
    const rest = [p.send(message("b")), p.send(message("c"))];
    await vi.advanceTimersByTimeAsync(1);
    expect([logs.requests, p.waiting]).toEqual([[["a"]], 3]);
    gate.resolve();
    await outcomes([first, ...rest]);
    expect([logs.requests, p.waiting]).toEqual([[["a"], ["b", "c"]], 0]);
  });

  test("a request is bounded in messages and in bytes", async () => {
    await outcomes([producer({ batchMaxMessages: 2 }).sendAll([message("a"), message("b"), message("c")])]);
    expect(logs.requests).toEqual([["a", "b"], ["c"]]);
    logs.requests.length = 0;
    const large = "x".repeat(4_000);
    await outcomes([producer().sendAll([message(large), message(large), message(large)])]);
    expect(logs.requests.map((request) => request.length)).toEqual([2, 1]);
  });
});

describe("the guard", () => {
  test("a partition that the response lacks is sent again, and only that, before anything newer", async () => {
    logs.answer = async (messages, attempt) => (attempt === 1 ? [0] : messages.map(({ partition }) => partition));
    const p = producer();
    const sent = p.sendAll([message("a", 0), message("b", 1), message("c", 1)]);
    const newer = p.send(message("d", 1));
    await outcomes([sent, newer]);
    expect(logs.requests[0]?.slice(0, 3)).toEqual(["a", "b", "c"]);
    expect(logs.requests[1]?.slice(0, 2)).toEqual(["b", "c"]);
    expect(logs.written.filter((value) => value !== "a")).toEqual(["b", "c", "d"]);
  });

  test("a partition that never answers is unavailable, after bounded attempts, with an unknown outcome", async () => {
    logs.answer = async () => [];
    const [error] = await outcomes([producer({ sendTimeoutMs: 600_000 }).send(message("a"))]);
    expect(error).toBeInstanceOf(KafkaUnavailable);
    expect(error).toMatchObject({ code: "kafka-unavailable", retryable: true, outcome: "unknown" });
    expect(logs.requests).toHaveLength(20);
    expect(logs.reconnects).toBe(4);
  });

  test("a failed request is sent again, and its cause is kept when it never succeeds", async () => {
    const cause = new Error("no connection");
    logs.answer = async () => Promise.reject(cause);
    const [error] = await outcomes([producer({ sendTimeoutMs: 600_000 }).send(message("a"))]);
    expect(error).toMatchObject({ code: "kafka-unavailable", cause });
  });
});

describe("refused messages", () => {
  const refuseLarge = async (messages: readonly OutgoingMessage[]) => {
    if (messages.some(({ value }) => String(value).length > 100)) {
      throw Object.assign(new Error("too large"), { type: "MESSAGE_TOO_LARGE" });
    }
    return messages.map(({ partition }) => partition);
  };

  test("the one that is too large for Kafka is refused, the others of its batch are sent, in order", async () => {
    logs.answer = refuseLarge;
    const p = producer();
    const large = "x".repeat(200);
    const results = await outcomes(["a", "b", large, "c", "d"].map((value) => p.send(message(value))));
    expect(results[2]).toMatchObject({ code: "message-too-large", retryable: false });
    expect(logs.written).toEqual(["a", "b", "c", "d"]);
  });

  test("one above our own limit is refused without asking Kafka", async () => {
    const [error] = await outcomes([producer().send(message("x".repeat(6_000)))]);
    expect(error).toMatchObject({ code: "message-too-large", retryable: false });
    expect(logs.requests).toEqual([]);
  });
});

describe("bounds", () => {
  test("beyond the messages or bytes that may wait, a message is refused at once and can be tried later", async () => {
    const p = producer({ waitingMax: 2, waitingMaxBytes: 1_000 });
    const results = await outcomes([
      p.send(message("a")),
      p.send(message("x".repeat(950))),
      p.send(message("b")),
      p.send(message("c")),
    ]);
    expect(results[1]).toMatchObject({ code: "producer-full", retryable: true });
    expect(results[3]).toMatchObject({ code: "producer-full", retryable: true });
    expect(logs.written).toEqual(["a", "b"]);
    expect(p.waiting).toBe(0);
  });

  test("a message's time runs out: not sent if it still waited, unknown if a request was under way", async () => {
    logs.answer = () => new Promise(() => {});
    const p = producer({ sendTimeoutMs: 1_000 });
    const first = p.send(message("a"));
    await vi.advanceTimersByTimeAsync(1);
    const [under, waited] = await outcomes([first, p.send(message("b"))]);
    expect([under, waited]).toMatchObject([
      { code: "kafka-unavailable", outcome: "unknown" },
      { code: "kafka-unavailable", outcome: "not-sent" },
    ]);
    expect([logs.requests, p.waiting]).toEqual([[["a"]], 0]);
  });

  test("a message whose time ran out while it waited is never sent", async () => {
    const gate = Promise.withResolvers<void>();
    logs.answer = async () => {
      await gate.promise;
      return [0];
    };
    const p = producer({ sendTimeoutMs: 1_000 });
    const promises = [p.send(message("a"))];
    await vi.advanceTimersByTimeAsync(1);
    promises.push(p.send(message("b")));
    await outcomes(promises);
    gate.resolve();
    await outcomes([p.send(message("c"))]);
    expect(logs.written).toEqual(["a", "c"]);
  });
});

test("closing waits for what was taken and takes nothing more", async () => {
  const p = producer();
  const sent = p.send(message("a"));
  const closed = p.close();
  const [offset, , late] = await outcomes([sent, closed, p.send(message("b"))]);
  expect(offset).toEqual({ offset: 0 });
  expect(late).toMatchObject({ code: "producer-closed", retryable: true });
});
