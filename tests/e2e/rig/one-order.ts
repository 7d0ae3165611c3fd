import type { Operation } from "@postback/contracts";
import { newId } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { expect } from "vitest";
import { order, takenOf } from "./orders.ts";
import type { ShopStack } from "./shop-stack.ts";
import type { ToldEvents } from "./told-events.ts";

/** A write of the shop, and all that has to be there when it has ended. */
export interface OrderCase {
  readonly type: "order.place" | "order.checkout";
  /** A customer whom the shop blocks is refused at the last step: what was done before is undone. */
  readonly customerId: "customer-1" | "blocked";
}

const ends = {
  "customer-1": {
    status: "succeeded",
    order: "placed",
    taken: 1,
    isRefunded: false,
    events: ["order.placed", "operation.succeeded"],
  },
  blocked: {
    status: "failed",
    order: "rejected",
    taken: 0,
    isRefunded: true,
    events: ["order.rejected", "operation.failed"],
  },
} as const;

export interface EndTimes {
  /** Milliseconds. */
  readonly endMaxMs: number;
}

/** Writes an order and holds it to its end: whole, with every effect and every event once. @returns its id */
export async function orderEndsWhole(
  shop: ShopStack,
  told: ToldEvents,
  { type, customerId }: OrderCase,
  { endMaxMs }: EndTimes,
): Promise<string> {
  const id = newId();
  const before = await stockTaken(shop);
  await untilTaken(shop, { id, type, input: order(orderIdOf(id), { customerId }) });
  const end = ends[customerId];
  const operation = await eventually(() => ended(shop, id), { timeoutMs: endMaxMs, intervalMs: 20 });
  expect(operation).toMatchObject({ status: end.status, ...(end.status === "failed" ? rolledBack : {}) });
  await eventually(() => expect(told.of(id).map((event) => event.type)).toEqual(end.events), { timeoutMs: endMaxMs });
  expect(await effectsOf(shop, id)).toEqual({
    orders: [{ status: end.order }],
    charges: [{ isRefunded: end.isRefunded }],
    taken: before + end.taken,
  });
  await expectSameAsRows(shop, told, id);
  return id;
}

/** The order that an operation is about. */
export const orderIdOf = (operationId: string): string => `one-${operationId}`;

const rolledBack = { error: { code: "customer-blocked", step: "confirm-order", rolledBack: true } };

interface Write {
  readonly id: string;
  readonly type: string;
  readonly input: object;
}

/** As a client does that must know: the same request, under the same id, until it is told that it was taken. */
async function untilTaken({ api }: ShopStack, write: Write): Promise<void> {
  await eventually(
    async () => expect([200, 201, 202]).toContain((await api.ask("POST", "/operations", write)).status),
    { timeoutMs: 30_000, intervalMs: 50 },
  );
}

async function ended({ api }: ShopStack, id: string): Promise<Operation> {
  const operation = await api.operation(id);
  expect(operation.completedAt).toBeDefined();
  return operation;
}

async function effectsOf(shop: ShopStack, id: string) {
  const orderId = orderIdOf(id);
  const { rows } = await shop.db.query("SELECT status FROM shop.orders WHERE order_id = $1", [orderId]);
  const charges = shop.payments.charges().filter((charge) => charge.orderId === orderId);
  const taken = await stockTaken(shop);
  return { orders: rows, charges: charges.map(({ isRefunded }) => ({ isRefunded })), taken };
}

const stockTaken = async ({ db }: ShopStack): Promise<number> => (await takenOf(db)).get("sku-1") ?? 0;

/** The topic tells exactly the events whose rows were committed, with their numbers ascending and their bytes. */
async function expectSameAsRows({ db }: ShopStack, told: ToldEvents, id: string): Promise<void> {
  const { rows } = await db.query(
    `SELECT id, type, number::text AS number, body FROM events WHERE operation_id = $1 ORDER BY number`,
    [id],
  );
  const inTopic = told.of(id).map((event) => ({
    id: event.id,
    type: event.type,
    number: event.number.toString(),
    body: event.body,
  }));
  expect(inTopic).toEqual(rows);
  // Whatever was published again is the same event, byte for byte.
  const ofId = told.messages.filter(({ operationId }) => operationId === id);
  expect(new Set(ofId.map(({ id: eventId, number, body }) => `${eventId} ${number} ${body}`)).size).toBe(rows.length);
}

/** All its steps done after the answer. */
export const placed: OrderCase = { type: "order.place", customerId: "customer-1" };
/** The same, refused at the last step. */
export const undone: OrderCase = { type: "order.place", customerId: "blocked" };
/** Its first step done before the answer. */
export const checkedOut: OrderCase = { type: "order.checkout", customerId: "customer-1" };
