import { eventually } from "@postback/testkit";
import { expect, test } from "vitest";
import { order } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();

/** An order that is refused after its payment, whose refund the provider refuses. */
const stuckOrder = (orderId: string) => order(orderId, { customerId: "blocked", paymentToken: "tok_refund_fails" });

async function untilStuck(orderId: string): Promise<string> {
  const { id } = await shop().api.accepted("order.place", stuckOrder(orderId));
  await eventually(async () =>
    expect(await shop().api.operation(id)).toMatchObject({
      status: "stuck",
      error: { rolledBack: false, notUndone: [{ step: "charge-payment" }] },
    }),
  );
  return id;
}

const ask = (id: string, what: "cancel" | "retry" | "skip") => shop().api.ask("POST", `/operations/${id}/${what}`);
const becomes = (id: string, expected: object) =>
  eventually(async () => expect(await shop().api.operation(id)).toMatchObject(expected));

test("an operation that is cancelled while a step runs is rolled back as a whole", async () => {
  const { id } = await shop().api.accepted("order.place", order("cancelled-1", { paymentToken: "tok_slow" }));
  await becomes(id, { step: "charge-payment" });
  expect((await ask(id, "cancel")).status).toBe(202);
  await becomes(id, { status: "cancelled", error: { code: "cancelled", rolledBack: true } });
  expect((await ask(id, "cancel")).status).toBe(409);
  expect(
    shop()
      .payments.charges()
      .filter(({ orderId, isRefunded }) => orderId === "cancelled-1" && !isRefunded),
  ).toEqual([]);
});

test("a stuck operation holds its entity until an operator skips what could not be undone, which its result names", async () => {
  const id = await untilStuck("skipped-1");
  const { id: next } = await shop().api.accepted("order.cancel", { orderId: "skipped-1" });
  expect((await ask(id, "skip")).status).toBe(202);
  await becomes(id, { status: "failed", error: { rolledBack: false, notUndone: [{ step: "charge-payment" }] } });
  await eventually(async () => expect((await shop().api.operation(next)).completedAt).toBeDefined());
  expect((await ask(id, "skip")).status).toBe(409);
});

test("a stuck operation is rolled back when it is retried after the reason is gone", async () => {
  const id = await untilStuck("retried-1");
  await fetch(new URL("refunds-allowed", shop().payments.url), { method: "POST", body: "{}" });
  expect((await ask(id, "retry")).status).toBe(202);
  await becomes(id, { status: "failed", error: { code: "customer-blocked", rolledBack: true } });
});
