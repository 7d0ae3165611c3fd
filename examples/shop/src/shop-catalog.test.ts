import { joinCatalogs, validateInput } from "@postback/operations";
import { describe, expect, test } from "vitest";
import { readPaymentsUrl } from "./payments/payments-url.ts";
import { shopCatalog } from "./shop-catalog.ts";

const catalog = joinCatalogs([shopCatalog("http://127.0.0.1:4010/")]);
const definitionOf = (type: string) => {
  const definition = catalog.operation(type);
  if (definition === undefined) throw new RangeError(`The shop has no ${type}`);
  return definition;
};
const example = (type: string) => definitionOf(type).example as Record<string, unknown>;

test("the shop keeps the rules of catalogs and has its operation types", () => {
  expect(catalog.operations.map(({ type, steps }) => [type, steps.map(({ name }) => name)])).toEqual([
    ["order.place", ["reserve-stock", "charge-payment", "confirm-order"]],
    ["order.checkout", ["record-order", "reserve-stock", "charge-payment", "confirm-order"]],
    ["order.cancel", ["begin-cancellation", "refund-payment", "return-stock"]],
    ["stock.adjust", ["adjust-stock"]],
  ]);
});

test.each([
  ["order.place", { type: "order", id: "order-1" }],
  ["order.checkout", { type: "order", id: "order-2" }],
  ["order.cancel", { type: "order", id: "order-1" }],
  ["stock.adjust", { type: "sku", id: "sku-1" }],
])("the example of %s is right and says its entity", (type, entity) => {
  expect(validateInput(definitionOf(type), example(type))).toMatchObject({ ok: true, entity });
});

test("a checkout records the order before its caller is answered, and nothing else", () => {
  expect(definitionOf("order.checkout").steps.map(({ sync }) => sync === true)).toEqual([true, false, false, false]);
  expect(catalog.syncEntityTypes).toEqual(new Set(["order"]));
});

describe("a wrong input is refused at its field", () => {
  const item = { sku: "sku-1", quantity: 1 };
  test.each<[string, string, object, string]>([
    ["an order without an id", "order.place", { orderId: undefined }, "/input/orderId"],
    ["an empty customer", "order.place", { customerId: "" }, "/input/customerId"],
    ["no items", "order.place", { items: [] }, "/input/items"],
    ["101 items", "order.place", { items: Array(101).fill(item) }, "/input/items"],
    ["a quantity of 0", "order.place", { items: [item, { ...item, quantity: 0 }] }, "/input/items/1/quantity"],
    ["a quantity of 10 001", "order.place", { items: [{ ...item, quantity: 10_001 }] }, "/input/items/0/quantity"],
    ["half a cent", "order.place", { amount: 10.5 }, "/input/amount"],
    ["nothing to pay", "order.place", { amount: 0 }, "/input/amount"],
    ["a currency in small letters", "order.place", { currency: "eur" }, "/input/currency"],
    ["a currency that there isn't", "order.place", { currency: "ZZZ" }, "/input/currency"],
    ["a field that there isn't", "order.place", { coupon: "x" }, "/input/coupon"],
    ["a cancellation of nothing", "order.cancel", { orderId: "" }, "/input/orderId"],
    ["a delta that is no number", "stock.adjust", { delta: "5" }, "/input/delta"],
  ])("%s", (_, type, change, pointer) => {
    const checked = validateInput(definitionOf(type), { ...example(type), ...change });
    expect(checked.ok ? [] : checked.errors.map((error) => error.pointer)).toContain(pointer);
  });
});

describe("where the payment service is", () => {
  test.each([
    [undefined, "http://127.0.0.1:4010/"],
    ["http://pay.example:9000", "http://pay.example:9000/"],
    ["https://pay.example/v2", "https://pay.example/v2/"],
  ])("%s is %s", (given, url) => {
    expect(readPaymentsUrl(given === undefined ? {} : { SHOP_PAYMENTS_URL: given })).toBe(url);
  });
  test.each(["pay.example", "ftp://pay.example", ""])("%j is refused by its name", (given) => {
    expect(() => readPaymentsUrl({ SHOP_PAYMENTS_URL: given })).toThrow(/SHOP_PAYMENTS_URL/);
  });
});
