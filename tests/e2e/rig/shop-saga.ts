import type { Operation } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { expect } from "vitest";
import { order } from "./orders.ts";
import type { ShopStack } from "./shop-stack.ts";
import type { ToldEvents } from "./told-events.ts";

/** How each step of an order goes. */
export interface Saga {
  readonly stock: "enough" | "too little";
  /** `lost`: the provider charges, its answers get lost at first. `lost, then declined`: what it says in the end is no. */
  readonly charge: "answered" | "declined" | "lost" | "lost, then declined";
  readonly customer: "welcome" | "blocked";
  readonly refund: "made" | "refused";
}

const isCharged = ({ stock, charge }: Saga): boolean => stock === "enough" && charge !== "declined";
const isPlaced = (saga: Saga): boolean =>
  isCharged(saga) && saga.charge !== "lost, then declined" && saga.customer === "welcome";

/** A refund is owed where the provider charged and the order isn't placed. */
const isRefundOwed = (saga: Saga): boolean => isCharged(saga) && !isPlaced(saga);

/** Each subset of the three steps that can say no, each charge also with an unknown outcome, each refund also refused. */
export const sagas: readonly Saga[] = (["enough", "too little"] as const).flatMap((stock) =>
  (["answered", "declined", "lost", "lost, then declined"] as const).flatMap((charge) =>
    (["welcome", "blocked"] as const).flatMap((customer) =>
      (["made", "refused"] as const)
        .map((refund): Saga => ({ stock, charge, customer, refund }))
        .filter((saga) => saga.refund === "made" || isRefundOwed(saga)),
    ),
  ),
);

export const nameOf = ({ stock, charge, customer, refund }: Saga): string =>
  `stock ${stock}, charge ${charge}, customer ${customer}${refund === "refused" ? ", refund refused" : ""}`;

/** Two tries of one attempt, so that the next attempt is one of the schedule. */
const answersLost = 2;
const endMaxMs = 30_000;

/** What has to come of it, told from the promise (I6) and not from the code. */
function expectedOf(saga: Saga) {
  const isKept = isRefundOwed(saga) && saga.refund === "refused";
  const events = [
    ...(isKept ? ["operation.stuck"] : []),
    ...(isPlaced(saga) ? ["order.placed", "operation.succeeded"] : ["order.rejected", "operation.failed"]),
  ];
  return {
    status: isPlaced(saga) ? "succeeded" : "failed",
    code: codeOf(saga),
    notUndone: isKept ? ["charge-payment"] : [],
    events,
    // Refused before it was recorded, there is no order.
    order: isPlaced(saga) ? "placed" : saga.stock === "enough" ? "rejected" : undefined,
    stock: isPlaced(saga) ? 0 : 1,
    charges: isCharged(saga) ? [{ isRefunded: isRefundOwed(saga) && !isKept }] : [],
  };
}

function codeOf(saga: Saga): string | undefined {
  if (isPlaced(saga)) return undefined;
  if (saga.stock === "too little") return "out-of-stock";
  return saga.charge.endsWith("declined") ? "card-declined" : "customer-blocked";
}

let orders = 0;

/** Carries an order out, and checks where it ended: operation, events, order, stock and what the provider did. */
export async function endsAsPromised(shop: ShopStack, told: ToldEvents, saga: Saga): Promise<void> {
  orders += 1;
  const [orderId, sku] = [`saga-${orders}`, `sku-saga-${orders}`];
  await endOf(shop, await shop.api.accepted("stock.adjust", { sku, delta: 1 }));
  if (saga.charge.startsWith("lost")) {
    const rest = saga.charge === "lost" ? {} : ({ afterwards: "declined" } as const);
    shop.payments.loseAnswers(orderId, { answers: answersLost, ...rest });
  }
  const placing = order(orderId, {
    items: [{ sku, quantity: saga.stock === "enough" ? 1 : 2 }],
    customerId: saga.customer === "blocked" ? "blocked" : "customer-1",
    paymentToken:
      saga.charge === "declined" ? "tok_declined" : saga.refund === "refused" ? "tok_refund_fails" : "tok_ok",
  });
  const operation = await endOf(shop, await shop.api.accepted("order.place", placing));
  const expected = expectedOf(saga);
  expect([operation.status, operation.error?.code]).toEqual([expected.status, expected.code]);
  expect(operation.error?.notUndone?.map(({ step }) => step) ?? []).toEqual(expected.notUndone);
  if (operation.error) expect(operation.error.rolledBack).toBe(expected.notUndone.length === 0);
  expect(await traceOf(shop, orderId, sku)).toEqual({
    order: expected.order,
    stock: expected.stock,
    charges: expected.charges,
  });
  await eventually(() => expect(told.of(operation.id).map(({ type }) => type)).toEqual(expected.events));
}

/** The operation at its end; where it is stuck, an operator skips what can't be undone. */
function endOf({ api }: ShopStack, { id }: Operation): Promise<Operation> {
  let isSkipped = false;
  return eventually(
    async () => {
      const operation = await api.operation(id);
      if (operation.status === "stuck" && !isSkipped) {
        isSkipped = true;
        expect((await api.ask("POST", `/operations/${id}/skip`)).status).toBe(202);
      }
      expect(operation.completedAt).toBeDefined();
      return operation;
    },
    { timeoutMs: endMaxMs, intervalMs: 100 },
  );
}

async function traceOf({ db, payments }: ShopStack, orderId: string, sku: string) {
  const [orders, stock, reserved] = await Promise.all([
    db.query<{ status: string }>("SELECT status FROM shop.orders WHERE order_id = $1", [orderId]),
    db.query<{ quantity: number }>("SELECT quantity FROM shop.stock WHERE sku = $1", [sku]),
    db.query("SELECT FROM shop.reservations WHERE order_id = $1", [orderId]),
  ]);
  const charges = payments.charges().filter((charge) => charge.orderId === orderId);
  const order = orders.rows[0]?.status;
  expect(reserved.rows).toHaveLength(order === "placed" ? 1 : 0);
  return { order, stock: stock.rows[0]?.quantity, charges: charges.map(({ isRefunded }) => ({ isRefunded })) };
}
