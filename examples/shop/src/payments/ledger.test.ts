import { describe, expect, test } from "vitest";
import { PaymentLedger } from "./ledger.ts";

const order = { amount: 4200, currency: "EUR", reference: "order-1" };
const ok = { ...order, token: "tok_ok" };

test("charges once under a key, and answers the same again", () => {
  const ledger = new PaymentLedger();
  const first = ledger.charge("k", ok);
  expect(first).toMatchObject({ status: 201, body: { status: "charged", amount: 4200 } });
  expect(ledger.charge("k", ok)).toEqual(first);
  expect(ledger.charge("other", ok).body["id"]).not.toBe(first.body["id"]);
});

test("a declined card stays declined under its key", () => {
  const ledger = new PaymentLedger();
  const declined = { ...order, token: "tok_declined" };
  expect([ledger.charge("k", declined), ledger.charge("k", ok)].map(({ status }) => status)).toEqual([402, 402]);
});

test("tok_flaky gives two 503s for each key, then charges", () => {
  const ledger = new PaymentLedger();
  const calls = ["a", "a", "b", "a", "a"].map((key) => ledger.charge(key, { ...order, token: "tok_flaky" }).status);
  expect(calls).toEqual([503, 503, 503, 201, 201]);
});

describe("refunds", () => {
  test("are given once", () => {
    const ledger = new PaymentLedger();
    ledger.charge("k", ok);
    const first = ledger.refund("k");
    expect(first).toMatchObject({ status: 200, body: { status: "refunded" } });
    expect(ledger.refund("k")).toEqual(first);
  });

  test("of what was never charged keep it from being charged later", () => {
    const ledger = new PaymentLedger();
    expect(ledger.refund("k")).toMatchObject({ status: 200, body: { status: "nothing-charged" } });
    expect(ledger.refund("k")).toEqual(ledger.refund("k"));
    expect(ledger.charge("k", ok).status).toBe(409);
  });

  test("of tok_refund_fails are refused until they are allowed", () => {
    const ledger = new PaymentLedger();
    ledger.charge("k", { ...order, token: "tok_refund_fails" });
    expect(ledger.refund("k").status).toBe(403);
    ledger.refundsAllowed = true;
    expect(ledger.refund("k").status).toBe(200);
  });
});
