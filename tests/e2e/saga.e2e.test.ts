import { fileURLToPath } from "node:url";
import type { Operation } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { order } from "./rig/orders.ts";
import { nameOf as nameOfSaga, endsAsPromised as orderEndsAsPromised, sagas } from "./rig/shop-saga.ts";
import { useShopStack } from "./rig/shop-stack.ts";
import { useToldEvents } from "./rig/told-events.ts";
import { type BookingAnswer, type DroppingAnswer, unknownAnswers } from "./rig/trips/answers.ts";
import { BookingService } from "./rig/trips/booking-service.ts";

const shop = useShopStack({
  apps: { "webhook-dispatcher": 0 },
  catalogs: [fileURLToPath(new URL("./rig/trips/catalog.ts", import.meta.url))],
});
const told = useToldEvents(shop);
const opened = new AsyncDisposableStack();
let bookings: BookingService;
beforeAll(async () => {
  bookings = opened.use(await BookingService.start());
});
afterAll(() => opened.disposeAsync());

const legs = ["flight", "hotel", "car"] as const;
type Leg = (typeof legs)[number];

/** How the service answers each leg. What isn't said is booked, and dropped when asked. */
interface Script {
  readonly books?: Partial<Record<Leg, BookingAnswer>>;
  readonly drops?: Partial<Record<Leg, DroppingAnswer>>;
}

/** Every choice of legs, by name. */
const subsets = Array.from({ length: 2 ** legs.length }, (_, bits) => {
  const of = legs.filter((_, at) => bits & (1 << at));
  return { of, name: of.length === 0 ? "none" : of.join(", ") };
});
const allOf = <T>(of: readonly Leg[], value: T): Partial<Record<Leg, T>> =>
  Object.fromEntries(of.map((leg) => [leg, value]));

const isUnknown = (answer: BookingAnswer): boolean => (unknownAnswers as readonly BookingAnswer[]).includes(answer);

interface Expected {
  readonly status: "succeeded" | "failed";
  /** Steps called, then compensations, as their keys end. */
  readonly calls: readonly string[];
  readonly stays: readonly Leg[];
  readonly notUndone: readonly Leg[];
  readonly events: readonly string[];
}

/** What has to come of it, told from the promise (I6) and not from the code. */
function expectedOf({ books = {}, drops = {} }: Script): Expected {
  const failing = legs.findIndex((leg) => (books[leg] ?? "booked") !== "booked");
  if (failing === -1) {
    const events = [...legs.map((leg) => `leg.booked ${leg}`), "operation.succeeded"];
    return { status: "succeeded", calls: legs, stays: legs, notUndone: [], events };
  }
  const done = legs.slice(0, failing);
  const failed = legs[failing] ?? "car";
  const owed = [...done, ...(isUnknown(books[failed] ?? "booked") ? [failed] : [])].reverse();
  const kept = owed.filter((leg) => drops[leg] === "refused");
  // What the service did not do although the answer left it open needs no place in what stays.
  const stays = kept.filter((leg) => (books[leg] ?? "booked").startsWith("booked"));
  return {
    status: "failed",
    calls: [...done, failed, ...owed.map((leg) => `${leg}:compensate`)],
    stays,
    notUndone: kept,
    events: [
      ...done.map((leg) => `leg.booked ${leg}`),
      ...owed.map((leg) => (drops[leg] === "refused" ? "operation.stuck" : `leg.dropped ${leg}`)),
      "trip.off",
      "operation.failed",
    ],
  };
}

const endMaxMs = 30_000;
let trips = 0;

async function submit(type: string, { books = {}, drops = {} }: Script): Promise<Operation> {
  trips += 1;
  const scripted = legs.map((leg) => [leg, { books: books[leg] ?? "booked", drops: drops[leg] ?? "dropped" }]);
  const input = { trip: `trip-${trips}`, service: bookings.url, ...Object.fromEntries(scripted) };
  return await shop().api.accepted(type, input);
}

/** The operation at its end; where it is stuck, an operator skips what can't be undone. */
async function ended({ id }: Operation): Promise<Operation> {
  const skipped = new Set<string>();
  return await eventually(
    async () => {
      const operation = await shop().api.operation(id);
      const { status, step } = operation;
      if (status === "stuck" && step !== undefined && !skipped.has(step)) {
        expect(operation.error).toMatchObject({ rolledBack: false });
        expect((await shop().api.ask("POST", `/operations/${id}/skip`)).status).toBe(202);
        skipped.add(step);
      }
      expect(operation.completedAt).toBeDefined();
      return operation;
    },
    { timeoutMs: endMaxMs, intervalMs: 100 },
  );
}

const ofOperation = (id: string, suffixes: readonly string[]) => suffixes.map((suffix) => `${id}:${suffix}`);

/** An event with the leg that it is about. */
function nameOf({ type, body }: { readonly type: string; readonly body: string }): string {
  const { leg } = (JSON.parse(body) as { data: { leg?: string } }).data;
  return leg === undefined ? type : `${type} ${leg}`;
}

/** Every subset of the three is tried in each way that a step or its compensation can fail, and each unknown outcome. */
async function endsAsPromised(script: Script): Promise<void> {
  const { id } = await submit("trip.book", script);
  const expected = expectedOf(script);
  const { status, error } = await ended({ id } as Operation);
  expect(status).toBe(expected.status);
  if (status === "failed") {
    expect(error?.rolledBack).toBe(expected.notUndone.length === 0);
    expect(error?.notUndone?.map(({ step }) => step).toSorted() ?? []).toEqual(expected.notUndone.toSorted());
  }
  expect(bookings.callsOf(id)).toEqual(ofOperation(id, expected.calls));
  expect(bookings.bookedOf(id).toSorted()).toEqual(ofOperation(id, expected.stays).toSorted());
  await eventually(() => expect(told().of(id).map(nameOf)).toEqual(expected.events));
}

describe.concurrent("three steps that call out", () => {
  test.for(subsets)("refused for good: $name", ({ of }) => endsAsPromised({ books: allOf(of, "refused") }));

  test.for(legs.flatMap((leg) => unknownAnswers.map((answer) => [leg, answer] as const)))(
    "%s ends unknown, %s: it is undone as if it had been done",
    ([leg, answer]) => endsAsPromised({ books: { [leg]: answer } }),
  );

  test.for(subsets)("compensations that are tried again: $name", ({ of }) =>
    endsAsPromised({ books: { car: "booked-unavailable" }, drops: allOf(of, "flaky") }),
  );

  test.for(subsets)("compensations that give up, and are skipped by an operator: $name", ({ of }) =>
    endsAsPromised({ books: { car: "booked-unavailable" }, drops: allOf(of, "refused") }),
  );

  test("a step that can't be undone is named, with its reason; what comes after it is undone", async () => {
    const operation = await submit("trip.book-fixed", { books: { car: "booked-reset" } });
    const { status, error } = await ended(operation);
    expect([status, error?.rolledBack]).toEqual(["failed", false]);
    expect(error?.notUndone).toEqual([{ step: "hotel", why: "The hotel takes nothing back" }]);
    expect(bookings.callsOf(operation.id)).toEqual(ofOperation(operation.id, ["hotel", "car", "car:compensate"]));
    expect(bookings.bookedOf(operation.id)).toEqual(ofOperation(operation.id, ["hotel"]));
  });
});

describe.concurrent("an order of the shop ends whole, rolled back, or naming what was not undone", () => {
  test.for(sagas.map((saga) => [nameOfSaga(saga), saga] as const))("%s", ([, saga]) =>
    orderEndsAsPromised(shop(), told(), saga),
  );

  test("cancelled while nobody knows whether the card was charged, it is refunded", async () => {
    const { api, payments } = shop();
    payments.loseAnswers("unknown-1", { answers: Number.POSITIVE_INFINITY });
    const { id } = await api.accepted("order.place", order("unknown-1"));
    await eventually(async () => expect(await api.operation(id)).toMatchObject({ status: "waiting" }));
    expect((await api.ask("POST", `/operations/${id}/cancel`)).status).toBe(202);
    expect(await ended({ id } as Operation)).toMatchObject({ status: "cancelled", error: { rolledBack: true } });
    const charged = payments.charges().filter(({ orderId }) => orderId === "unknown-1");
    expect(charged.map(({ isRefunded }) => isRefunded)).toEqual([true]);
  });
});
