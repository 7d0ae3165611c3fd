import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "@postback/contracts";
import type { Answer } from "./api-client.ts";
import { type Arrival, type Effects, faultsIn, type Ledger, type ToldOperation } from "./check-ledger.ts";

import type { ShopStack } from "./shop-stack.ts";

type Card = "tok_ok" | "tok_declined" | "tok_flaky" | "tok_slow" | "tok_refund_fails";

/** An input of `order.place`. */
export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly currency: string;
  readonly amount: number;
  readonly paymentToken: Card;
}

export function order(orderId: string, given: Partial<Order> = {}): Order {
  const items = [{ sku: "sku-1", quantity: 1 }];
  return { orderId, customerId: "customer-1", items, currency: "EUR", amount: 4200, paymentToken: "tok_ok", ...given };
}

/** Begins the ids of all orders that are checked. They alone take of the articles that the shop begins with. */
const orderPrefix = "load-";

/** Writes orders and keeps what clients were told. */
export class Orders {
  readonly told: ToldOperation[] = [];
  readonly events: string[] = [];
  /** Requests without an answer, or with a 503: nobody was told that they were taken. */
  unanswered = 0;
  readonly #shop: ShopStack;
  readonly #name: string;
  readonly #endpoints: readonly string[];
  readonly #type: OrderType;
  #count = 0;

  /** @param name is in the ids of its orders @param endpoints partners that are told of everything */
  constructor(shop: ShopStack, name: string, endpoints: readonly string[], type: OrderType = "order.place") {
    this.#type = type;
    this.#shop = shop;
    this.#name = name;
    this.#endpoints = endpoints;
  }

  /** One order after another at a steady rate, answered or not, while `meanwhile` runs and at least so long. */
  async load(perSecond: number, seconds: number, meanwhile: () => Promise<void>): Promise<void> {
    const writes: Promise<void>[] = [];
    const startedAtMs = performance.now();
    const writeDue = (): void => {
      const due = ((performance.now() - startedAtMs) / 1000) * perSecond;
      while (writes.length < due) writes.push(this.write());
    };
    const timer = setInterval(writeDue, 1000 / perSecond);
    try {
      await Promise.all([meanwhile(), sleep(seconds * 1000)]);
    } finally {
      clearInterval(timer);
    }
    await Promise.all(writes);
  }

  /** An order; by default one in ten is declined, and one in twenty-five of a customer whom the shop blocks. */
  async write(given?: Payer): Promise<void> {
    this.#count += 1;
    const count = this.#count;
    const placing = order(`${orderPrefix}${this.#name}-${count}`, {
      items: [{ sku: `sku-${1 + (count % 9)}`, quantity: 1 + (count % 3) }],
      ...(given ?? payerOf(count)),
    });
    const answer = await this.#submit(placing);
    if (answer === undefined) return;
    const fails = placing.paymentToken === "tok_declined" || placing.customerId === "blocked";
    this.told.push({ id: answer.id, ...(fails ? failing : succeeding) });
  }

  /** Undefined where the client can't know whether it was taken. */
  async #submit(placing: Order): Promise<Operation | undefined> {
    const answer = await this.#shop.api.submit(this.#type, placing).catch((error: unknown) => noAnswer(error));
    if (answer?.status === taken[this.#type]) return answer.body;
    if (answer !== undefined && answer.status !== 503) throw new Error(`answered ${JSON.stringify(answer)}`);
    this.unanswered += 1;
    return undefined;
  }

  /** A direct event that clients were told is taken. */
  async publish(type: string): Promise<void> {
    const { id } = await this.#shop.api.publish({ type, data: {} });
    this.events.push(id);
  }

  ledger(): Ledger {
    const { receiver } = this.#shop;
    const arrivals = this.#endpoints.flatMap((endpoint) => receiver.of(endpoint).map(toArrival(endpoint)));
    return { endpoints: this.#endpoints, operations: this.told, events: this.events, arrivals };
  }

  /** Every promise that is broken now; empty in the end. */
  async faults(): Promise<string[]> {
    return faultsIn(this.ledger(), await effectsOf(this.#shop));
  }
}

type OrderType = keyof typeof taken;

/** What each is answered with when it is taken. */
const taken = { "order.place": 202, "order.checkout": 201 } as const;

type Payer = Partial<Pick<Order, "paymentToken" | "customerId">>;

function payerOf(count: number): Payer {
  if (count % 10 === 0) return { paymentToken: "tok_declined" };
  return count % 25 === 1 ? { customerId: "blocked" } : {};
}

const succeeding = { ends: "succeeded", events: ["order.placed", "operation.succeeded"] } as const;
const failing = { ends: "failed", events: ["order.rejected", "operation.failed"] } as const;

/** The connection broke, was refused, or nothing came in time. */
export function noAnswer(error: unknown): Answer<Operation> | undefined {
  const isBroken = error instanceof TypeError && error.cause !== undefined;
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  if (!isBroken && !isLate) throw error;
  return undefined;
}

const toArrival =
  (endpoint: string) =>
  ({ webhookId, body }: { webhookId: string; body: Buffer }): Arrival => {
    const { type, operation } = JSON.parse(body.toString("utf8")) as { type: string; operation?: { id: string } };
    return { endpoint, webhookId, type, ...(operation === undefined ? {} : { operationId: operation.id }) };
  };

/** What is in the shop's tables and at the payment provider, of the orders that are checked. */
async function effectsOf({ db, payments }: ShopStack): Promise<Effects> {
  const operations = await db.query<Effects["operations"][number]>(
    `SELECT id, status, entity_id AS "orderId", input::jsonb #>> '{items,0,sku}' AS sku,
       (input::jsonb #>> '{items,0,quantity}')::int AS quantity
     FROM operations WHERE type IN ('order.place', 'order.checkout') AND starts_with(entity_id, $1)`,
    [orderPrefix],
  );
  const orders = await db.query<Effects["orders"][number]>(
    `SELECT order_id AS "orderId", status FROM shop.orders WHERE starts_with(order_id, $1)`,
    [orderPrefix],
  );
  const charges = payments.charges().filter(({ orderId }) => orderId.startsWith(orderPrefix));
  return { operations: operations.rows, orders: orders.rows, taken: await takenOf(db), charges };
}

/** Article → how many are gone, of those that the shop begins with. */
export async function takenOf(db: ShopStack["db"]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ sku: string; taken: number }>(
    "SELECT sku, b.quantity - s.quantity AS taken FROM shop.starting_stock b JOIN shop.stock s USING (sku)",
  );
  return new Map(rows.map(({ sku, taken }) => [sku, taken]));
}
