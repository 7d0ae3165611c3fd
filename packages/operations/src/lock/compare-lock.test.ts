import { expect, test } from "vitest";
import { z } from "zod";
import { joinCatalogs } from "../catalog.ts";
import { defineCatalog } from "../define-catalog.ts";
import { defineOperation, type OperationDefinition } from "../define-operation.ts";
import { catalogLockSchema, lockOf } from "./catalog-lock.ts";
import { compareLock } from "./compare-lock.ts";

const placed = z.object({ orderId: z.string() });
const input = z.strictObject({ orderId: z.string() });
const step = { run: () => {}, compensate: () => {} };
type Schemas = Readonly<Record<string, z.ZodType>>;
interface Head {
  revision?: number;
  input?: z.ZodType;
  entity?: string;
  events?: Schemas;
  whenStuck?: "go-on";
}

const head = ({ entity = "order", events = { "order.placed": placed }, ...changes }: Head = {}) =>
  defineOperation({
    type: "order.place",
    revision: 1,
    input,
    entity: { type: entity, id: () => "o-1" },
    events,
    ...changes,
  });
const twoSteps = (changes?: Head) => head(changes).transaction("take", step).http("charge", step);

function lockOfAll(operations: readonly OperationDefinition[]) {
  const newest = operations.reduce((a, b) => (b.revision > a.revision ? b : a));
  const events = Object.assign({}, ...operations.map((each) => each.events), newest.events);
  return lockOf(joinCatalogs([defineCatalog({ name: "shop", operations, events })]));
}
const lock = lockOfAll([twoSteps()]);
const compare = (...operations: readonly OperationDefinition[]) => compareLock(lock, lockOfAll(operations));

test("what didn't change is no difference, nor are words about it, and the lock can be read again", () => {
  expect(compare(twoSteps())).toEqual([]);
  const described = { "order.placed": z.object({ orderId: z.string().describe("Its id").meta({ example: "o-1" }) }) };
  expect(compare(twoSteps({ events: described, input: input.describe("An order") }))).toEqual([]);
  expect(catalogLockSchema.parse(JSON.parse(JSON.stringify(lock)))).toEqual(lock);
});

test.each([
  [
    "a step more",
    twoSteps().task("tell", step),
    /its steps were take \(transaction\), charge \(http\), and are .*tell/,
  ],
  ["a step fewer", head().transaction("take", step), /its steps were/],
  ["another order of steps", head().http("charge", step).transaction("take", step), /its steps were/],
  ["another name of a step", head().transaction("take-stock", step).http("charge", step), /are take-stock/],
  ["another kind of step", head().transaction("take", step).task("charge", step), /charge \(task\)/],
  [
    "a step before the answer",
    head()
      .transaction("take", { ...step, sync: true })
      .http("charge", step),
    /sync/,
  ],
  [
    "an event's schema",
    twoSteps({ events: { "order.placed": placed.extend({ at: z.string() }) } }),
    /order\.placed changed/,
  ],
  ["an event that is gone", twoSteps({ events: {} }), /no longer has the event order\.placed/],
  ["another entity", twoSteps({ entity: "basket" }), /entity type was order and is basket/],
])("%s breaks what is in flight, and needs the next revision", (_, changed, says) => {
  const [change, ...others] = compare(changed);
  expect(others).toEqual([]);
  expect(change).toMatchObject({ kind: "breaking", text: expect.stringMatching(says) });
  expect(change?.text).toContain("make the change in revision 2");
});

test("the same change in a new revision beside the old one is to be recorded, no more", () => {
  const next = head({ revision: 2, events: { "order.placed": placed.extend({ at: z.string() }) } })
    .transaction("take-stock", step)
    .http("charge", step)
    .task("tell", step);
  expect(compare(twoSteps(), next)).toEqual([{ kind: "to-record", text: "order.place (revision 2) is new" }]);
});

test("a revision that is gone is named, with what to look at before it may go", () => {
  expect(compare(twoSteps({ revision: 2 }))).toEqual([
    { kind: "breaking", text: expect.stringMatching(/revision 1\) is gone: .* beside the newer one.* 0 unfinished/) },
    { kind: "to-record", text: "order.place (revision 2) is new" },
  ]);
});

test.each([
  [
    "another queue",
    head()
      .transaction("take", step)
      .http("charge", { ...step, queue: "payments" }),
    /no queue, and is in payments/,
  ],
  [
    "another undoing",
    head().transaction("take", step).http("charge", { run: step.run, irreversible: "no" }),
    /"irreversible"/,
  ],
  ["another input", twoSteps({ input: input.extend({ note: z.string().optional() }) }), /input schema changed/],
  ["an event more", twoSteps({ events: { "order.placed": placed, "order.seen": placed } }), /order\.seen besides/],
  [
    "another choice for its entity",
    twoSteps({ whenStuck: "go-on" }),
    /would be held while one is stuck, and will go on/,
  ],
])("%s is to be recorded", (_, changed, says) => {
  expect(compare(changed)).toEqual([{ kind: "to-record", text: expect.stringMatching(says) }]);
});
