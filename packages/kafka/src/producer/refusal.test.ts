import { expect, test } from "vitest";
import { narrowed, refusalOf } from "./refusal.ts";

const protocolError = (type: string) => Object.assign(new Error(type), { type });
const to = (partition: number) => ({ message: { topic: "t", partition } });
const tooLarge = { type: "MESSAGE_TOO_LARGE", byRecord: true, cause: undefined };
const forbidden = { type: "TOPIC_AUTHORIZATION_FAILED", byRecord: false, cause: undefined };

test("a refusal is found under the errors that wrap it", () => {
  const wrapped = new Error("outer", { cause: protocolError("MESSAGE_TOO_LARGE") });
  expect(refusalOf(wrapped)).toMatchObject({ type: "MESSAGE_TOO_LARGE", byRecord: true });
});

test.each(["NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS", "UNKNOWN"])(
  "%s is no refusal",
  (type) => {
    expect(refusalOf(protocolError(type))).toBeUndefined();
  },
);

test("what is no error of Kafka's is no refusal", () => {
  expect([refusalOf(new TypeError("bug")), refusalOf("text"), refusalOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a refused batch is narrowed by partition first, with the order kept inside", () => {
  const [a, b, c] = [to(0), to(1), to(0)];
  expect(narrowed([a, b, c], forbidden)).toEqual([[a, c], [b]]);
});

test("one partition's batch is halved where a record can be the cause", () => {
  const batch = [to(0), to(0), to(0)];
  expect(narrowed(batch, tooLarge)?.map((part) => part.length)).toEqual([2, 1]);
});

test("one partition's batch is refused whole where no record is the cause, and one message always", () => {
  expect(narrowed([to(0), to(0)], forbidden)).toBeUndefined();
  expect(narrowed([to(0)], tooLarge)).toBeUndefined();
});
