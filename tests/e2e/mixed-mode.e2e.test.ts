import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Operation, Problem, WebhookBody } from "@postback/contracts";
import type { AppName } from "@postback/local-stack";
import { eventually } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import type { Answer } from "./rig/api-client.ts";
import { duplicatesIn } from "./rig/check-ledger.ts";
import { Orders, order } from "./rig/orders.ts";
import shifts from "./rig/shifts/catalog.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ catalogs: [fileURLToPath(new URL("./rig/shifts/catalog.ts", import.meta.url))] });
const partner = "partner";
/** An article of its own: those that the shop begins with are the load's alone. */
const sku = "sku-mixed";
const stock = 1_000;

beforeAll(async () => {
  const { api, receiver } = shop();
  await api.createEndpoint({ url: receiver.partner(partner), events: ["**"] });
  const { id } = await api.accepted("stock.adjust", { sku, delta: stock });
  await ended(id);
});

const ended = (id: string): Promise<Operation> =>
  eventually(async () => {
    const operation = await shop().api.operation(id);
    expect(operation.completedAt).toBeDefined();
    return operation;
  });

const items = [{ sku, quantity: 1 }];
const checkout = (orderId: string, given = {}) =>
  shop().api.submit("order.checkout", order(orderId, { items, ...given }));
const problemOf = ({ body }: Answer<unknown>) => body as Problem;

/** The webhooks of an operation, once all of these types have come. */
const toldOf = (id: string, types: readonly string[]): Promise<WebhookBody[]> =>
  eventually(() => {
    const told = shop()
      .receiver.of(partner)
      .map(({ body }) => JSON.parse(body.toString("utf8")) as WebhookBody)
      .filter(({ operation }) => operation?.id === id);
    expect(told.map(({ type }) => type).sort()).toEqual([...types].sort());
    return told;
  });

async function orderStatus(orderId: string): Promise<string | undefined> {
  const { rows } = await shop().db.query<{ status: string }>("SELECT status FROM shop.orders WHERE order_id = $1", [
    orderId,
  ]);
  return rows[0]?.status;
}

async function stockLeft(): Promise<number | undefined> {
  const { rows } = await shop().db.query<{ quantity: number }>("SELECT quantity FROM shop.stock WHERE sku = $1", [sku]);
  return rows[0]?.quantity;
}

test("a checkout is answered 201 with its order recorded; the rest is done afterwards, and told", async () => {
  const { status, headers, body } = await checkout("o-mixed", { paymentToken: "tok_slow" });
  expect([status, headers.get("location")]).toEqual([201, `/v1/operations/${body.id}`]);
  expect(body.steps.map((step) => step.status)).toEqual(["succeeded", "running", "pending", "pending"]);
  expect(["recorded", "reserved"]).toContain(await orderStatus("o-mixed"));
  expect(await shop().api.operation(body.id)).toMatchObject({ id: body.id, type: "order.checkout" });
  expect(await ended(body.id)).toMatchObject({ status: "succeeded", result: { orderId: "o-mixed" } });
  expect(await orderStatus("o-mixed")).toBe("placed");
  await toldOf(body.id, ["order.placed", "operation.succeeded"]);
});

test("what a sync step emits is told once, before what comes of the others", async () => {
  const { status, body } = await shop().api.submit("shift.open", { shift: "early" });
  expect(status).toBe(201);
  const told = await toldOf(body.id, ["shift.opened", "operation.succeeded"]);
  expect(told.find(({ type }) => type === "shift.opened")).toMatchObject({
    entity: { type: "shift", id: "early" },
    data: { shift: "early" },
  });
  const { rows } = await shop().db.query("SELECT type FROM events WHERE operation_id = $1 ORDER BY number", [body.id]);
  expect(rows).toEqual([{ type: "shift.opened" }, { type: "operation.succeeded" }]);
});

test("a later failure undoes the sync step too", async () => {
  const before = await stockLeft();
  const { body } = await checkout("o-declined", { paymentToken: "tok_declined" });
  const operation = await ended(body.id);
  expect(operation).toMatchObject({ status: "failed", error: { code: "card-declined", rolledBack: true } });
  expect(operation.steps.map(({ status }) => status)).toEqual(["compensated", "compensated", "failed", "pending"]);
  expect([await orderStatus("o-declined"), await stockLeft()]).toEqual(["rejected", before]);
  await toldOf(body.id, ["order.rejected", "operation.failed"]);
});

test("a sync step that refuses is answered at once and leaves nothing", async () => {
  const answer = await shop().api.submit("shift.open", { shift: "refused", refuses: "open" });
  expect([answer.status, problemOf(answer).error]).toEqual([
    422,
    { step: "open", code: "shop-closed", message: "The shop is closed" },
  ]);
  const { rows } = await shop().db.query(
    `SELECT (SELECT count(*)::int FROM operations WHERE entity_id = 'refused') AS operations,
       (SELECT count(*)::int FROM ${shifts.schema}.spans WHERE entity_id = 'refused') AS spans`,
  );
  expect(rows).toEqual([{ operations: 0, spans: 0 }]);
});

test("fifty checkouts of an order at once, against queued cancellations: one at most is made, none leaves a trace", async () => {
  const { api, db } = shop();
  const orderIds = Array.from({ length: 4 }, (_, index) => `o-crowded-${index}`);
  for (const orderId of orderIds) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => [
        checkout(orderId),
        ...(index % 5 === 0 ? [api.submit("order.cancel", { orderId })] : []),
      ]).flat(),
    );
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201 && status !== 202).map(problemOf);
    expect(made.length).toBeLessThanOrEqual(1);
    expect(refused.length).toBe(50 - made.length);
    for (const { status, type, error } of refused) {
      expect([status, type.split("/").at(-1), error?.code]).toEqual(
        status === 409 ? [409, "entity-busy", undefined] : [422, "step-refused", "order-exists"],
      );
    }
    await Promise.all(answers.filter(({ status }) => status < 300).map(({ body }) => ended(body.id)));
    const { rows } = await db.query("SELECT id FROM operations WHERE type = 'order.checkout' AND entity_id = $1", [
      orderId,
    ]);
    expect(rows.map(({ id }) => id)).toEqual(made.map(({ body }) => body.id));
    expect(await orderStatus(orderId)).toBeOneOf(made.length === 0 ? [undefined] : ["placed", "cancelled"]);
  }
});

/** Pairs of steps of one entity that were at work at the same time, or of which one came between two of an operation. */
async function interferences(prefix: string): Promise<unknown[]> {
  const { rows } = await shop().db.query(
    `WITH spans AS (SELECT * FROM ${shifts.schema}.spans WHERE starts_with(entity_id, $1)),
       whole AS (
         SELECT entity_id, operation_id, min(began_at) AS began_at, max(ended_at) AS ended_at
         FROM spans GROUP BY entity_id, operation_id)
     SELECT w.operation_id AS operation, s.operation_id AS other, s.step FROM whole w JOIN spans s
       ON s.entity_id = w.entity_id AND s.operation_id <> w.operation_id
         AND s.began_at < w.ended_at AND s.ended_at > w.began_at`,
    [prefix],
  );
  return rows;
}

test("no step runs beside a sync step of its entity, nor an operation inside another, under a crowd of both", async () => {
  const { api, db } = shop();
  const entities = Array.from({ length: 16 }, (_, index) => `crowd-${index}`);
  const answers: Answer<Operation>[] = [];
  // One writer in four notes: its commands come by the log, while the others' sync steps run.
  const write = async (shift: string, writer: number) => {
    for (let count = 0; count < 12; count += 1) {
      answers.push(await api.submit(writer === 0 ? "shift.note" : "shift.open", { shift }));
      await sleep(writer * 7 + (count % 5) * 11);
    }
  };
  await Promise.all(entities.flatMap((shift) => [0, 1, 2, 3].map((writer) => write(shift, writer))));
  const statuses = Object.groupBy(answers, ({ status }) => status);
  expect(Object.keys(statuses)).toEqual(["201", "202", "409"]);
  const taken = answers.filter(({ status }) => status < 300);
  await Promise.all(taken.map(({ body }) => ended(body.id)));
  expect(await interferences("crowd-")).toEqual([]);
  const { rows } = await db.query(
    `SELECT count(DISTINCT operation_id)::int AS operations, count(*)::int AS steps
     FROM ${shifts.schema}.spans WHERE starts_with(entity_id, 'crowd-')`,
  );
  const [made, accepted] = [statuses[201]?.length ?? 0, statuses[202]?.length ?? 0];
  expect(rows).toEqual([{ operations: made + accepted, steps: 3 * made + 2 * accepted }]);
  console.log(`mixed mode, a crowd: ${made} made, ${accepted} accepted, ${statuses[409]?.length ?? 0} busy`);
});

test("the owner has a write with sync steps soon after it is answered", async () => {
  const { api, db } = shop();
  const relayedMs: number[] = [];
  for (let count = 0; count < 60; count += 1) {
    const { status, body } = await api.submit("shift.open", { shift: `timed-${count}` });
    const answeredAtMs = performance.now();
    expect(status).toBe(201);
    const find = { name: "outbox_of", text: "SELECT FROM outbox WHERE operation_id = $1", values: [body.id] };
    await eventually(async () => expect((await db.query(find)).rowCount).toBe(0), { intervalMs: 1 });
    relayedMs.push(performance.now() - answeredAtMs);
  }
  const [median = Number.NaN, p90 = Number.NaN] = [0.5, 0.9].map(
    (share) => relayedMs.toSorted((a, b) => a - b)[Math.floor(share * relayedMs.length)],
  );
  console.log(`mixed mode, from the 201 to the position: median ${median.toFixed(1)} ms, p90 ${p90.toFixed(1)} ms`);
  expect(median).toBeLessThan(20);
});

async function kill(name: AppName): Promise<void> {
  const app = shop().app(name);
  app.kill("SIGKILL");
  await app.waitForExit();
  app.start();
}

test("kill -9 of processor and ingest, again and again under load: all that was answered 201 ends once, and is told once", async () => {
  const orders = new Orders(shop(), "mixed", [partner], "order.checkout");
  const before = duplicatesIn(orders.ledger());
  await orders.load(50, 8, async () => {
    for (const [round, name] of (["ingest", "processor", "ingest"] as const).entries()) {
      await eventually(() => expect(orders.told.length).toBeGreaterThan(40 * (round + 1)), { timeoutMs: 20_000 });
      await kill(name);
      if (name === "ingest") await shop().app(name).ready();
    }
  });
  await Promise.all([shop().app("ingest").ready(), shop().app("processor").ready()]);
  await eventually(async () => expect(await orders.faults()).toEqual([]), { timeoutMs: 40_000, intervalMs: 500 });
  expect(await shop().db.query("SELECT FROM outbox")).toMatchObject({ rowCount: 0 });
  const duplicates = duplicatesIn(orders.ledger()) - before;
  console.log(
    `mixed mode, kills: ${orders.told.length} answered 201, ${orders.unanswered} unanswered, ${duplicates} told twice`,
  );
  expect(orders.unanswered).toBeGreaterThan(0);
  expect(duplicates).toBe(0);
});
