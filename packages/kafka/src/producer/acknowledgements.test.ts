import { expect, test } from "vitest";
import { checkAcknowledged } from "./acknowledgements.ts";

const to = (topic: string, partition: number, name: string) => ({ name, message: { topic, partition } });
const answer = (topicName: string, partition: number, baseOffset: string, errorCode = 0) => ({
  topicName,
  partition,
  errorCode,
  baseOffset,
});

test("a message's offset is its partition's base offset plus its index there", () => {
  const batch = [to("a", 0, "first"), to("a", 1, "other"), to("a", 0, "second"), to("b", 0, "elsewhere")];
  const { acknowledged, missing } = checkAcknowledged(batch, [
    answer("a", 0, "100"),
    answer("a", 1, "7"),
    answer("b", 0, "0"),
  ]);
  expect(acknowledged.map(({ item, offset }) => [item.name, offset])).toEqual([
    ["first", 100],
    ["other", 7],
    ["second", 101],
    ["elsewhere", 0],
  ]);
  expect(missing).toEqual([]);
});

test("a partition that isn't in the response is missing, in the order of sending", () => {
  const batch = [to("a", 0, "1"), to("a", 1, "2"), to("b", 1, "3"), to("a", 1, "4")];
  const { acknowledged, missing } = checkAcknowledged(batch, [answer("a", 0, "5"), answer("b", 0, "5")]);
  expect(acknowledged.map(({ item }) => item.name)).toEqual(["1"]);
  expect(missing.map(({ name }) => name)).toEqual(["2", "3", "4"]);
});

test("a partition that was answered with an error is missing", () => {
  expect(checkAcknowledged([to("a", 0, "1")], [answer("a", 0, "-1", 6)]).missing).toHaveLength(1);
});

test("no answer at all acknowledges nothing", () => {
  expect(checkAcknowledged([to("a", 0, "1"), to("a", 1, "2")], []).missing).toHaveLength(2);
});
