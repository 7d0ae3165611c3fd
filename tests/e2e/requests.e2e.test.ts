import { fileURLToPath } from "node:url";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { order } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";
import { BookingService } from "./rig/trips/booking-service.ts";

const shop = useShopStack({
  apps: { "webhook-dispatcher": 0 },
  catalogs: [fileURLToPath(new URL("./rig/trips/catalog.ts", import.meta.url))],
});
const opened = new AsyncDisposableStack();
let bookings: BookingService;
beforeAll(async () => {
  bookings = opened.use(await BookingService.start());
});
afterAll(() => opened.disposeAsync());

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
  await shop().payments.allowRefunds();
  expect((await ask(id, "retry")).status).toBe(202);
  await becomes(id, { status: "failed", error: { code: "customer-blocked", rolledBack: true } });
});

/** A booking of a trip whose entity goes on when it is stuck. */
async function book(leg: { car?: string; hotelDrops?: string } = {}): Promise<string> {
  const scripted = (books = "booked", drops = "dropped") => ({ books, drops });
  const { id } = await shop().api.accepted("trip.book-going-on", {
    trip: "goes-on",
    service: bookings.url,
    flight: scripted(),
    hotel: scripted("booked", leg.hotelDrops),
    car: scripted(leg.car),
  });
  return id;
}

test("an entity goes on while an operation is stuck whose type says so, also after a restart; asked for, it takes a turn alone", async () => {
  const { api, app } = shop();
  const stuck = await book({ car: "refused", hotelDrops: "refused" });
  await becomes(stuck, { status: "stuck", step: "hotel" });
  await becomes(await book(), { status: "succeeded" });
  app("processor").kill("SIGTERM");
  await app("processor").waitForExit();
  const atWork = await book({ car: "timeout" });
  app("processor").start();
  await becomes(atWork, { step: "car" });
  expect(await api.operation(stuck)).toMatchObject({ status: "stuck" });
  expect((await ask(stuck, "retry")).status).toBe(202);
  await becomes(atWork, { status: "failed", error: { rolledBack: true } });
  await eventually(() => expect(bookings.calls.at(-1)).toBe(`${stuck}:hotel:compensate`));
  await becomes(stuck, { status: "stuck", step: "hotel" });
  // What was at work was not interrupted by it: all of its calls stand together.
  const whose = bookings.calls.map((key) => key.split(":")[0]);
  expect(whose.slice(whose.indexOf(atWork), whose.lastIndexOf(atWork) + 1)).toEqual(Array(6).fill(atWork));
  const behind = await book();
  await becomes(behind, { status: "succeeded" });
  // Asked while nobody has its partition: the next owner finds it.
  app("processor").kill("SIGTERM");
  await app("processor").waitForExit();
  expect((await ask(stuck, "skip")).status).toBe(202);
  app("processor").start();
  await becomes(stuck, { status: "failed", error: { rolledBack: false, notUndone: [{ step: "hotel" }] } });
});
