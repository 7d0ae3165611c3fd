import { describe, expect, test } from "vitest";
import { z } from "zod";
import { joinCatalogs } from "./catalog.ts";
import { CatalogError } from "./catalog-error.ts";
import { type CatalogOptions, defineCatalog } from "./define-catalog.ts";
import { defineOperation, type OperationOptions } from "./define-operation.ts";
import { syncStepsOf } from "./sync-steps.ts";

const placed = z.object({ orderId: z.string() });
const input = z.object({ id: z.string() });
type Head = OperationOptions<typeof input, Record<string, z.ZodType>>;

const operation = (changes: Partial<Head> = {}) =>
  defineOperation({
    type: "order.place",
    revision: 1,
    input,
    entity: { type: "order", id: ({ id }) => id },
    ...changes,
  });
const fine = (changes: Partial<Head> = {}) => operation(changes).transaction("place", { run: () => {} });
const catalog = (changes: Partial<CatalogOptions> = {}) =>
  defineCatalog({ name: "my-shop", operations: [fine()], events: { "order.placed": placed }, ...changes });

function problemsOf(...catalogs: Parameters<typeof joinCatalogs>[0]): readonly string[] {
  try {
    joinCatalogs(catalogs);
    return [];
  } catch (error) {
    if (error instanceof CatalogError) return error.problems;
    throw error;
  }
}

test("finds a type by its revision, and the highest without one", () => {
  const joined = joinCatalogs([catalog({ operations: [fine({ revision: 2 }), fine({ revision: 3 }), fine()] })]);
  expect(joined.operation("order.place")?.revision).toBe(3);
  expect(joined.operation("order.place", 2)?.revision).toBe(2);
  expect(joined.operation("order.place", 4)).toBeUndefined();
  expect(joined.operation("order.lose")).toBeUndefined();
});

test("an older revision keeps its schema of an event, the newest has the catalog's", () => {
  const before = z.object({ orderId: z.string(), sum: z.number() });
  const revisions = [
    fine({ revision: 2, events: { "order.placed": placed } }),
    fine({ events: { "order.placed": before } }),
  ];
  expect(problemsOf(catalog({ operations: revisions }))).toEqual([]);
  expect(problemsOf(catalog({ operations: revisions, events: { "order.placed": before } }))).toEqual([
    expect.stringMatching(/revision 2.*another one than the catalog's/),
  ]);
});

test("joins operations, events and migrations of several", () => {
  const other = defineCatalog({
    name: "other",
    operations: [fine({ type: "parcel.send" })],
    events: { "parcel.sent": placed },
    migrations: new URL("file:///srv/other/migrations/"),
  });
  const joined = joinCatalogs([catalog(), other]);
  expect(joined.operations.map(({ type }) => type)).toEqual(["order.place", "parcel.send"]);
  expect(joined.events.get("parcel.sent")).toEqual({ catalog: "other", schema: placed });
  expect(joined.migrations).toEqual([{ catalog: "other", dir: "/srv/other/migrations/", schema: "other" }]);
});

test("its schema is its name with _ for -", () => {
  expect(catalog().schema).toBe("my_shop");
});

test("a relative folder of migrations is refused, since it is relative to nothing", () => {
  expect(() => catalog({ migrations: "./migrations" })).toThrow(/import\.meta\.url/);
});

describe("a wrong catalog is refused, naming catalog, operation and rule", () => {
  const undone = { run: () => {}, compensate: () => {} };
  test.each<[string, Partial<CatalogOptions>, RegExp]>([
    ["its name", { name: "My Shop", schema: "shop" }, /catalog My Shop: its name/],
    ["a reserved schema", { schema: "public" }, /schema "public" is reserved/],
    ["a schema that is no word", { schema: "a-b" }, /schema "a-b"/],
    ["an event type that is no type", { events: { "Order Placed": placed } }, /event type "Order Placed"/],
    ["a reserved event type", { events: { "operation.failed": placed } }, /operation\.failed is reserved/],
    ["a type twice", { operations: [fine(), fine()] }, /order\.place \(revision 1\) is defined twice/],
    ["a type that is no type", { operations: [fine({ type: "Place!" })] }, /operation Place! .* its type/],
    ["a revision below 1", { operations: [fine({ revision: 0 })] }, /its revision/],
    ["an entity type", { operations: [fine({ entity: { type: "Order", id: () => "x" } })] }, /entity type "Order"/],
    ["a deadline", { operations: [fine({ deadlineMs: 0 })] }, /deadlineMs 0/],
    ["no steps", { operations: [operation()] }, /order\.place \(revision 1\): it has no steps/],
    [
      "two steps of one name",
      { operations: [operation().task("a", undone).task("a", undone)] },
      /two steps are named a/,
    ],
    ["a step's name", { operations: [operation().task("Not OK", undone)] }, /step Not OK must have a name/],
    [
      "an effect that nothing is said of",
      { operations: [operation().http("call", { run: () => {} })] },
      /step call must have a compensate/,
    ],
    [
      "a transaction that isn't last and says nothing",
      { operations: [fine().task("b", undone)] },
      /step place must have a compensate/,
    ],
    [
      "a reason that is none",
      { operations: [operation().task("a", { run: () => {}, irreversible: " " })] },
      /without a reason/,
    ],
    [
      "a retry policy",
      { operations: [operation().task("a", { ...undone, retry: { attemptsMax: 0 } })] },
      /retry\.attemptsMax 0/,
    ],
    ["a timeout", { operations: [operation().task("a", { ...undone, timeoutMs: 3_600_000 })] }, /timeoutMs 3600000/],
    [
      "a sync step that comes late",
      {
        operations: [
          operation()
            .transaction("a", undone)
            .transaction("b", { run: () => {}, sync: true }),
        ],
      },
      /step b is sync, but comes after one that isn't/,
    ],
    [
      "a sync step that is no transaction",
      { operations: [operation().task("a", { ...undone, sync: true } as typeof undone)] },
      /step a is sync and of the kind task/,
    ],
    [
      "a sync step with a queue",
      { operations: [operation().transaction("a", { ...undone, sync: true, queue: "slow" })] },
      /step a is sync and names a queue/,
    ],
    [
      "a sync step that may take long",
      { operations: [operation().transaction("a", { ...undone, sync: true, timeoutMs: 5_001 })] },
      /step a is sync with timeoutMs 5001/,
    ],
    [
      "what to do when busy, of a type that never looks",
      { operations: [fine({ whenBusy: "refuse" })] },
      /says whenBusy, but its first step isn't sync/,
    ],
    [
      "a secret that no variable can have",
      { operations: [operation().task("a", { ...undone, secrets: { token: "cards-token" } })] },
      /step a names the secret cards-token: must be an environment variable/,
    ],
    [
      "what to do when stuck, of a type that never is",
      { operations: [operation({ whenStuck: "go-on" }).transaction("a", { run: () => {} })] },
      /says whenStuck, but none of its steps has a compensate/,
    ],
    [
      "an unknown choice of what to do when stuck",
      { operations: [operation({ whenStuck: "continue" as "hold" }).task("a", undone)] },
      /whenStuck "continue" must be hold or go-on/,
    ],
    [
      "an event that the catalog hasn't",
      { operations: [fine({ events: { "order.lost": placed } })] },
      /may emit order\.lost/,
    ],
    [
      "another schema of an event",
      { operations: [fine({ events: { "order.placed": z.object({}) } })] },
      /another one than the catalog's/,
    ],
    [
      "an example that breaks a rule",
      { operations: [fine({ example: { id: 1 } as never })] },
      /example breaks a rule at "\/id"/,
    ],
  ])("%s", (_, changes, rule) => {
    expect(problemsOf(catalog(changes)).join("\n")).toMatch(rule);
  });

  test("all problems at once", () => {
    const problems = problemsOf(catalog({ schema: "public", operations: [fine({ revision: 0 }), operation()] }));
    expect(problems).toHaveLength(3);
  });

  test("what two catalogs both use", () => {
    const problems = problemsOf(catalog(), catalog());
    expect(problems).toHaveLength(4);
    expect(problems[2]).toBe("catalogs my-shop and my-shop: both use the operation type order.place");
  });
});

test("a step that only reads needs no compensation, and a last transaction none", () => {
  const reading = operation()
    .task("look", { effect: "none", run: () => 1 })
    .transaction("place", { run: () => {} });
  expect(problemsOf(catalog({ operations: [reading] }))).toEqual([]);
});

test("a type with sync steps may go ahead of what is queued, and its catalog tells", () => {
  const ahead = operation({ whenBusy: "run" }).transaction("record", { run: () => {}, sync: true });
  expect(joinCatalogs([catalog({ operations: [ahead] })]).goesAhead).toBe(true);
});

test("leading transactions may be sync; the types of their entities are known, and their time is short", () => {
  const undone = { run: () => {}, compensate: () => {} };
  const mixed = operation({ whenBusy: "refuse" })
    .transaction("record", { ...undone, sync: true })
    .transaction("place", { run: () => {}, compensate: () => {} });
  const joined = joinCatalogs([catalog({ operations: [mixed] })]);
  expect(joined.syncEntityTypes).toEqual(new Set(["order"]));
  expect(joinCatalogs([catalog()]).syncEntityTypes).toEqual(new Set());
  expect(joined.goesAhead).toBe(false);
  expect(syncStepsOf(mixed).map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual([["record", 5_000]]);
  expect(syncStepsOf(operation().transaction("all", { run: () => {}, sync: true }))).toHaveLength(1);
});
