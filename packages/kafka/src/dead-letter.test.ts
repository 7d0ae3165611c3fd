import { deadLetterHeaderSchema, packHeader, unpackHeader } from "@postback/contracts";
import { expect, test } from "vitest";
import type { IncomingMessage } from "./consumer/options.ts";
import { type GivenUp, sendDeadLetter } from "./dead-letter.ts";
import { KafkaUnavailable, MessageRefused } from "./errors.ts";
import type { Producer } from "./producer/create-producer.ts";
import type { OutgoingMessage } from "./producer/message.ts";

const tenant = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const body = Buffer.from([0x22, 0xff, 0x22]);

const batch = { topic: "commands", partition: 2, messages: [], endOffset: 43, generation: 1 };
const message: IncomingMessage = {
  offset: 42,
  key: Buffer.from("key"),
  value: body,
  header: packHeader({ v: 1, tenant }),
  timestampMs: 0,
};
const givenUp: GivenUp = { batch, message, reason: "unreadable-body", detail: "the body is not UTF-8" };

/** A producer that takes what `accepts` says, and keeps it. */
function producerThat(accepts: (sent: OutgoingMessage) => void = () => undefined) {
  const sent: OutgoingMessage[] = [];
  const send = async (each: OutgoingMessage) => {
    accepts(each);
    sent.push(each);
    return { offset: sent.length };
  };
  return { sent, producer: { send } as unknown as Producer };
}

const headerOf = ({ header }: OutgoingMessage) => {
  const unpacked = unpackHeader(deadLetterHeaderSchema, header);
  if (!unpacked.ok) throw new Error(unpacked.detail);
  return unpacked.header;
};

test("key, body and our header of the origin go along unchanged, and are listed with the tenant of the header", async () => {
  const { producer, sent } = producerThat();
  const listed = await sendDeadLetter(producer, "dead-letters", givenUp);
  expect(sent).toMatchObject([
    { partition: 2, key: message.key, value: body, extraHeaders: { "pb-origin": message.header } },
  ]);
  expect(listed).toMatchObject({
    topic: "commands",
    partition: 2,
    offset: 42,
    tenantId: tenant,
    reason: "unreadable-body",
  });
  expect([listed.key, listed.body].map((part) => Buffer.from(part ?? "", "base64"))).toEqual([message.key, body]);
});

test.each<[string, Partial<GivenUp>]>([
  ["the consumer could not read it", { reason: "unreadable-header" }],
  ["there is none", { message: { ...message, header: undefined } }],
  ["it names no tenant", { message: { ...message, header: packHeader({ v: 1, tenant: "nobody" }) } }],
])("a message has no tenant when of its header %s", async (_, changes) => {
  const listed = await sendDeadLetter(producerThat().producer, "dead-letters", { ...givenUp, ...changes });
  expect(listed.tenantId).toBeUndefined();
});

test("a detail that quotes what Postgres can't hold is made so that it can", async () => {
  const { producer, sent } = producerThat();
  const detail = `not JSON: "\u0000\ud83d" ${"x".repeat(2_000)}`;
  const listed = await sendDeadLetter(producer, "dead-letters", { ...givenUp, detail });
  expect(listed.detail).toMatch(/^not JSON: "\uFFFD\uFFFD" x+$/);
  expect(listed.detail).toHaveLength(1_000);
  expect(sent.map((each) => headerOf(each).detail)).toEqual([listed.detail]);
});

test("a message that is too large with our header is told without its content, and listed whole", async () => {
  const { producer, sent } = producerThat(({ value }) => {
    if (value !== null) throw new MessageRefused("message-too-large", "too large");
  });
  const listed = await sendDeadLetter(producer, "dead-letters", givenUp);
  expect(sent).toMatchObject([{ key: null, value: null }]);
  expect(sent.map(headerOf)).toMatchObject([{ offset: 42, detail: expect.stringMatching(/too large/) }]);
  expect(listed).toMatchObject({ body: body.toString("base64"), detail: givenUp.detail });
});

test("with Kafka away nothing is listed", async () => {
  const { producer } = producerThat(() => {
    throw new KafkaUnavailable("away");
  });
  await expect(sendDeadLetter(producer, "dead-letters", givenUp)).rejects.toThrow("away");
});
