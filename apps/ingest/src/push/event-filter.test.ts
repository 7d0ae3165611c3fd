import type { EventHeader } from "@postback/contracts";
import { type EventPattern, newId, parsePattern } from "@postback/domain";
import { expect, test } from "vitest";
import { compileFilter, partitionsOf } from "./event-filter.ts";
import { tenantBySight, toLogEvent, withId } from "./log-event.ts";

const tenantId = newId();
const entity = { type: "order", id: "o-1" };
const header: EventHeader = { v: 1, id: newId(), type: "order.placed", tenant: tenantId, entity, acceptedAt: 0 };
const patterns = (...texts: string[]) => texts.map((text) => parsePattern(text) as EventPattern);

test.each([
  ["no filter", {}, true],
  ["its type", { types: patterns("order.placed") }, true],
  ["a pattern of its type", { types: patterns("sku.*", "order.*") }, true],
  ["another type", { types: patterns("sku.*") }, false],
  ["its entity", { entity }, true],
  ["another entity", { entity: { ...entity, id: "o-2" } }, false],
  ["an entity of another type", { entity: { ...entity, type: "sku" } }, false],
])("%s", (_, filter, matches) => {
  expect(compileFilter({ tenantId, ...filter })(header)).toBe(matches);
});

test("another tenant's event is never for the reader, whatever it asks for", () => {
  for (const filter of [{}, { types: patterns("**") }, { entity }]) {
    expect(compileFilter({ tenantId: newId(), ...filter })(header)).toBe(false);
  }
});

test("a test event, meant for one endpoint, is for no stream", () => {
  expect(compileFilter({ tenantId })({ ...header, endpoint: newId() })).toBe(false);
});

test("an entity's events are looked for in its partition alone, all others in all", () => {
  expect(partitionsOf({ tenantId }, 3)).toEqual([0, 1, 2]);
  expect(partitionsOf({ tenantId, entity }, 3)).toHaveLength(1);
});

test("the tenant is seen in a packed header, and not in an entity's id that looks like one", () => {
  expect(tenantBySight(JSON.stringify(header))).toBe(tenantId);
  const tricky = { ...header, entity: { type: "order", id: `"tenant":"${newId()}"` } };
  expect(tenantBySight(JSON.stringify({ entity: tricky.entity, tenant: tricky.tenant }))).toBe(tenantId);
  expect(tenantBySight(undefined)).toBeUndefined();
});

test("what has no readable header is no event", () => {
  const message = { offset: 1, key: null, value: Buffer.from("{}"), timestampMs: 0 };
  expect(toLogEvent(0, { ...message, header: "{" })).toBeUndefined();
  expect(toLogEvent(0, { ...message, header: undefined })).toBeUndefined();
  expect(toLogEvent(0, { ...message, header: JSON.stringify({ ...header, number: "12" }) })).toMatchObject({
    number: 12n,
    offset: 1,
  });
});

test("an event is one line, its bytes otherwise untouched", () => {
  expect(withId("x", '\n{"type":\r\n"a.b","data":"\\n"}')).toBe('{"id":"x","type": "a.b","data":"\\n"}');
});
