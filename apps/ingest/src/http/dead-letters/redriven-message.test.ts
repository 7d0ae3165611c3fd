import { type CommandHeader, type EventHeader, entityKey, packHeader } from "@postback/contracts";
import type { FoundDeadLetter } from "@postback/database";
import { newId, requestHash } from "@postback/domain";
import { partitionFor } from "@postback/kafka";
import { expect, test } from "vitest";
import { redrivenMessage } from "./redriven-message.ts";

const target = { eventsTopic: "events", partitions: 12 };
const tenant = newId();
const entity = { type: "order", id: "o-1" };
const due = partitionFor(entityKey(tenant, entity), target.partitions);
const elsewhere = (due + 1) % target.partitions;

const command: CommandHeader = {
  v: 1,
  id: newId(),
  type: "order.place",
  revision: 1,
  tenant,
  entity,
  hash: requestHash({ type: "order.place", entity, input: {} }),
  acceptedAt: 1_790_000_000_000,
};
const event: EventHeader = { v: 1, id: newId(), type: "order.placed", tenant, entity, acceptedAt: 1_790_000_000_000 };

const letterOf = (header: string, given: Partial<FoundDeadLetter> = {}) => ({
  topic: "commands",
  partition: elsewhere,
  offset: 42,
  tenantId: tenant,
  reason: "rejected-by-database",
  detail: "",
  createdAt: new Date(0),
  createdAtUs: 0,
  redrivenAt: null,
  redrivenPartition: null,
  redrivenOffset: null,
  discardedAt: null,
  key: Buffer.from("key"),
  body: Buffer.from([0xff]),
  ...given,
  header: Buffer.from(header),
});

test("a command goes to its topic and partition again with key, body and header unchanged", () => {
  const header = `{ "v": 1, "unknown": "kept" , ${packHeader(command).slice(1)}`;
  const letter = letterOf(header);
  expect(redrivenMessage(letter, target)).toEqual({
    topic: "commands",
    partition: elsewhere,
    key: letter.key,
    value: letter.body,
    header,
  });
});

test("what stood in the wrong partition goes to its entity's", () => {
  const letter = letterOf(packHeader(command), { reason: "wrong-partition" });
  expect(redrivenMessage(letter, target)).toMatchObject({ partition: due, header: packHeader(command) });
});

test("an event loses its number and the claim of its place, and is marked", () => {
  const header = packHeader({ ...event, number: "1099511627776", claim: true });
  const { partition, header: sent } = redrivenMessage(letterOf(header, { topic: "events" }), target);
  expect([partition, JSON.parse(sent)]).toEqual([elsewhere, { ...event, redriven: true }]);
});

test.each(["no JSON", packHeader({ v: 2, id: event.id })])(
  "a header that we can't read, %j, goes as it is",
  (header) => {
    expect(redrivenMessage(letterOf(header, { topic: "events" }), target).header).toBe(header);
  },
);
