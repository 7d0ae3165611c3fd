import { randomUUID } from "node:crypto";
import {
  afterCompensation,
  afterRun,
  initialState,
  type Json,
  nextAction,
  type OperationRequest,
  type OperationState,
} from "@postback/domain";
import {
  applyCatalogMigrations,
  type Emitted,
  eventsOfTransition,
  joinCatalogs,
  type PerformedStep,
  type PerformStep,
  performStep,
} from "@postback/operations";
import { createTestDatabase, type TestDatabase } from "@postback/testkit";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PaymentService, startPaymentService } from "./payments/payment-service.ts";
import { shopCatalog } from "./shop-catalog.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
let database: TestDatabase;
let pool: pg.Pool;
let payments: PaymentService;
let catalog: ReturnType<typeof joinCatalogs>;
/** Each test is a tenant of its own: none sees the orders and the stock of another. */
let tenantId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  payments = await startPaymentService({ port: 0 });
  catalog = joinCatalogs([shopCatalog(payments.url)]);
  const client = await pool.connect();
  for (const migrations of catalog.migrations) await applyCatalogMigrations(client, migrations);
  client.release();
});
beforeEach(() => {
  tenantId = randomUUID();
});
afterAll(async () => {
  await payments.close();
  // pg's pool has ended before its connections have: dropped now, the database would break one that nobody listens to.
  // It goes at the end of the run.
  await pool.end();
});

interface Carried {
  id: string;
  state: OperationState;
  events: Emitted[];
}

/** Carries an operation out as a processor does, without its schedule: what has to wait is done at once. */
async function carryOut(type: string, input: Json, request?: OperationRequest, before?: Carried): Promise<Carried> {
  const definition = catalog.operation(type);
  if (definition === undefined) throw new RangeError(`no ${type}`);
  const shape = catalog.shapeOf(definition);
  const id = before?.id ?? randomUUID();
  const operation = { id, type, revision: definition.revision, tenantId, entity: { type: "order", id: "any" } };
  let state = before?.state ?? initialState(shape, new Date());
  const events: Emitted[] = [];
  for (let asked = request; ; asked = undefined) {
    const now = new Date(Math.max(Date.now(), state.nextAttemptAt?.getTime() ?? 0));
    const action = nextAction(state, shape, now, asked);
    if (action.kind === "ended" || action.kind === "stuck") return { id, state, events };
    if (action.kind === "wait") throw new Error("nothing is waited for here");
    const last = state;
    if (action.kind === "turn") state = action.state;
    else {
      const outputs = Object.fromEntries(state.steps.map(({ name, output }) => [name, output]));
      const { step: stepName, attempt, kind: direction } = action;
      const signal = new AbortController().signal;
      const performing = { definition, stepName, direction, operation, input, outputs, attempt, signal, log };
      const isTransaction = definition.steps.find(({ name }) => name === stepName)?.kind === "transaction";
      const { outcome, emitted } = await (isTransaction ? inTransaction(performing) : performStep(performing));
      events.push(...emitted);
      state = (direction === "run" ? afterRun : afterCompensation)(state, shape, outcome, now, 0.5);
    }
    events.push(
      ...eventsOfTransition(definition, { operation, readInput: () => input, before: last, after: state, log }),
    );
  }
}

async function inTransaction(performing: Omit<PerformStep, "client">): Promise<PerformedStep> {
  const client = await pool.connect();
  await client.query("begin");
  const performed = await performStep({ ...performing, client });
  await client.query(performed.outcome.kind === "done" ? "commit" : "rollback");
  client.release();
  return performed;
}

const order = (changes: object = {}): Json => ({
  orderId: "o-1",
  customerId: "c-1",
  items: [{ sku: "sku-1", quantity: 2 }],
  currency: "EUR",
  amount: 4200,
  paymentToken: "tok_ok",
  ...changes,
});
const place = (changes: object = {}) => carryOut("order.place", order(changes));
const typesOf = ({ events }: Carried) => events.map(({ type }) => type);
const statusesOf = ({ state }: Carried) => state.steps.map(({ status }) => status);

async function stockOf(sku: string): Promise<number | undefined> {
  const { rows } = await pool.query("select quantity from shop.stock where tenant_id = $1 and sku = $2", [
    tenantId,
    sku,
  ]);
  return rows[0]?.quantity;
}
async function statusOf(orderId: string): Promise<string | undefined> {
  const { rows } = await pool.query("select status from shop.orders where tenant_id = $1 and order_id = $2", [
    tenantId,
    orderId,
  ]);
  return rows[0]?.status;
}
async function chargeOf({ id }: Carried): Promise<{ refundId?: string } | undefined> {
  const answer = await fetch(new URL(`charges/${id}:charge-payment`, payments.url));
  return answer.status === 404 ? undefined : ((await answer.json()) as { refundId?: string });
}

describe("order.place", () => {
  test("takes the stock, charges the card and tells that the order was placed", async () => {
    const placed = await place({
      items: [
        { sku: "sku-1", quantity: 2 },
        { sku: "sku-2", quantity: 1 },
        { sku: "sku-1", quantity: 3 },
      ],
    });
    expect(placed.state).toMatchObject({
      status: "succeeded",
      result: { orderId: "o-1", paymentId: expect.stringMatching(/^ch_/) },
    });
    expect(typesOf(placed)).toEqual(["order.placed", "operation.succeeded"]);
    expect([await stockOf("sku-1"), await stockOf("sku-2")]).toEqual([999_995, 999_999]);
    expect(await statusOf("o-1")).toBe("placed");
    expect(await chargeOf(placed)).toMatchObject({ amount: 4200, reference: "o-1" });
  });

  test("a declined card puts the stock back and leaves a rejected order", async () => {
    const rejected = await place({ paymentToken: "tok_declined" });
    expect(rejected.state.error).toMatchObject({ code: "card-declined", step: "charge-payment", rolledBack: true });
    expect(statusesOf(rejected)).toEqual(["compensated", "failed", "pending"]);
    expect(typesOf(rejected)).toEqual(["order.rejected", "operation.failed"]);
    expect(await stockOf("sku-1")).toBe(1_000_000);
    expect(await statusOf("o-1")).toBe("rejected");
  });

  test("a blocked customer gets the money back too", async () => {
    const rejected = await place({ customerId: "blocked" });
    expect(rejected.state.error).toMatchObject({ code: "customer-blocked", rolledBack: true });
    expect(statusesOf(rejected)).toEqual(["compensated", "compensated", "failed"]);
    expect((await chargeOf(rejected))?.refundId).toMatch(/^re_/);
    expect(await stockOf("sku-1")).toBe(1_000_000);
  });

  test("too little stock of one item takes nothing of any, and names it", async () => {
    const rejected = await place({
      items: [
        { sku: "sku-1", quantity: 1 },
        { sku: "sku-none", quantity: 1 },
      ],
    });
    expect(rejected.state.error).toEqual({
      code: "out-of-stock",
      message: "Too little stock of sku-none",
      step: "reserve-stock",
      rolledBack: true,
    });
    expect(typesOf(rejected)).toEqual(["order.rejected", "operation.failed"]);
    expect(await stockOf("sku-1")).toBeUndefined();
    expect(await statusOf("o-1")).toBeUndefined();
  });

  test("a flaky payment service is tried again until it charges", async () => {
    const placed = await place({ paymentToken: "tok_flaky" });
    expect(placed.state.status).toBe("succeeded");
    expect(placed.state.steps[1]).toMatchObject({ attempts: 2 });
  });

  test("an id that is taken is refused without a word about the order that has it; a rejected one is free again", async () => {
    await place({ paymentToken: "tok_declined" });
    expect((await place()).state.status).toBe("succeeded");
    const second = await place();
    expect(second.state.error).toMatchObject({ code: "order-exists" });
    expect(typesOf(second)).toEqual(["operation.failed"]);
    expect(await statusOf("o-1")).toBe("placed");
  });

  test("a refund that is refused leaves it stuck; skipped, it ends and names what stayed", async () => {
    const input = order({ customerId: "blocked", paymentToken: "tok_refund_fails" });
    const stuck = await carryOut("order.place", input);
    expect(stuck.state).toMatchObject({ status: "stuck", step: "charge-payment" });
    expect(typesOf(stuck)).toEqual(["operation.stuck"]);
    const skipped = await carryOut("order.place", input, { kind: "skip", by: "anna" }, stuck);
    expect(skipped.state).toMatchObject({ status: "failed", error: { code: "customer-blocked", rolledBack: false } });
    expect(skipped.state.error?.notUndone).toEqual([
      { step: "charge-payment", why: "The payment service refuses the refund", by: "anna" },
    ]);
    expect(await stockOf("sku-1")).toBe(1_000_000);
  });

  test("orders that run at once never take more than there is", async () => {
    await carryOut("stock.adjust", { sku: "few", delta: 5 });
    await carryOut("stock.adjust", { sku: "many", delta: 100 });
    const items = [
      { sku: "few", quantity: 1 },
      { sku: "many", quantity: 1 },
    ];
    const placing = Array.from({ length: 12 }, (_, n) =>
      place({ orderId: `o-${n}`, items: n % 2 === 0 ? items : items.toReversed() }),
    );
    const statuses = (await Promise.all(placing)).map(({ state }) => state.status);
    expect(statuses.filter((status) => status === "succeeded")).toHaveLength(5);
    expect([await stockOf("few"), await stockOf("many")]).toEqual([0, 95]);
  });
});

describe("order.checkout", () => {
  test("records the order, takes the stock, charges the card and tells that it was placed", async () => {
    const placed = await carryOut("order.checkout", order());
    expect(placed.state).toMatchObject({ status: "succeeded", result: { orderId: "o-1" } });
    expect(typesOf(placed)).toEqual(["order.placed", "operation.succeeded"]);
    expect([await stockOf("sku-1"), await statusOf("o-1")]).toEqual([999_998, "placed"]);
  });

  test.each([
    [
      "too little stock",
      { items: [{ sku: "sku-none", quantity: 1 }] },
      ["compensated", "failed", "pending", "pending"],
    ],
    ["a declined card", { paymentToken: "tok_declined" }, ["compensated", "compensated", "failed", "pending"]],
    ["a blocked customer", { customerId: "blocked" }, ["compensated", "compensated", "compensated", "failed"]],
  ])("%s undoes the record too, which was done before the answer", async (_, changes, statuses) => {
    const rejected = await carryOut("order.checkout", order(changes));
    expect(rejected.state.error).toMatchObject({ rolledBack: true });
    expect(statusesOf(rejected)).toEqual(statuses);
    expect(typesOf(rejected)).toEqual(["order.rejected", "operation.failed"]);
    expect([(await stockOf("sku-1")) ?? 1_000_000, await statusOf("o-1")]).toEqual([1_000_000, "rejected"]);
  });
});

describe("order.cancel", () => {
  test("gives back money and stock", async () => {
    const placed = await place();
    const cancelled = await carryOut("order.cancel", { orderId: "o-1", reason: "no need" });
    expect(cancelled.state).toMatchObject({ status: "succeeded", result: { refundId: expect.stringMatching(/^re_/) } });
    expect(cancelled.events[0]).toMatchObject({ type: "order.cancelled", data: { orderId: "o-1", reason: "no need" } });
    expect((await chargeOf(placed))?.refundId).toBeDefined();
    expect(await stockOf("sku-1")).toBe(1_000_000);
    expect(await statusOf("o-1")).toBe("cancelled");
  });

  test("an order that isn't placed is refused", async () => {
    expect((await carryOut("order.cancel", { orderId: "o-1" })).state.error).toMatchObject({
      code: "order-not-placed",
    });
  });

  test("a refund that is refused leaves the order placed", async () => {
    await place({ paymentToken: "tok_refund_fails" });
    const failed = await carryOut("order.cancel", { orderId: "o-1" });
    expect(failed.state.error).toMatchObject({ code: "refund-refused", rolledBack: true });
    expect(await statusOf("o-1")).toBe("placed");
  });
});

describe("stock.adjust", () => {
  test("makes an unknown sku, adds to a known one, and takes away", async () => {
    expect((await carryOut("stock.adjust", { sku: "new", delta: 7 })).state.result).toEqual({
      sku: "new",
      quantity: 7,
    });
    expect((await carryOut("stock.adjust", { sku: "new", delta: -3 })).state.result).toEqual({
      sku: "new",
      quantity: 4,
    });
    expect((await carryOut("stock.adjust", { sku: "sku-9", delta: 1 })).state.result).toMatchObject({
      quantity: 1_000_001,
    });
  });

  test.each([-1, -1_000_000_000])("refuses a delta of %d that would leave less than nothing", async (delta) => {
    const refused = await carryOut("stock.adjust", { sku: "new", delta });
    expect(refused.state.error).toMatchObject({ code: "stock-out-of-range", rolledBack: true });
    expect(await stockOf("new")).toBeUndefined();
  });
});

test("tok_refund_fails is refunded once the service is told to", async () => {
  const input = order({ customerId: "blocked", paymentToken: "tok_refund_fails" });
  const stuck = await carryOut("order.place", input);
  // Last in this file: the service can't be told otherwise again.
  await fetch(new URL("refunds-allowed", payments.url), { method: "POST" });
  const ended = await carryOut("order.place", input, { kind: "retry" }, stuck);
  expect(ended.state).toMatchObject({ status: "failed", error: { rolledBack: true } });
});
