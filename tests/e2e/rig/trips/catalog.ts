import { defineCatalog, defineOperation, type OperationOptions, refuse, tryLater } from "@postback/operations";
import { z } from "zod";
import { answersOfBooking, answersOfDropping } from "./answers.ts";

const leg = z.object({ leg: z.string() });
const events = { "leg.booked": leg, "leg.dropped": leg, "trip.off": z.object({ code: z.string() }) };

const scripted = z.strictObject({ books: z.enum(answersOfBooking), drops: z.enum(answersOfDropping) });
const input = z.strictObject({
  trip: z.string(),
  /** The booking service, with a slash at its end. */
  service: z.url(),
  flight: scripted,
  hotel: scripted,
  car: scripted,
});

const head = {
  revision: 1,
  input,
  entity: { type: "trip", id: ({ trip }: { trip: string }) => trip },
  events,
};
/** Two further tries: a machine that is busy may be too slow for one. */
const options = {
  timeoutMs: 1_000,
  retry: { attemptsMax: 3, firstDelayMs: 20, factor: 1 },
  compensateRetry: { attemptsMax: 3, firstDelayMs: 20, factor: 1 },
  refusals: { 409: { code: "sold-out", message: "Sold out" }, 403: { code: "kept", message: "The booking is kept" } },
};

/** What the functions of a task need of its context. */
interface Calling {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/** As an author writes a call of another library: statuses mean what the code says. */
async function call(url: string, json: object, { idempotencyKey, signal }: Calling): Promise<string> {
  const headers = { "idempotency-key": idempotencyKey, "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(json), signal });
  if (answer.status === 409) throw refuse("sold-out", "Sold out");
  if (answer.status === 403) throw refuse("kept", "The booking is kept");
  if (!answer.ok) throw tryLater(`The service answered ${answer.status}`);
  return await answer.text();
}

/** Three legs, each booked at a service outside: by HTTP, by code of its own, and by HTTP in a queue. */
const threeLegs = (given: OperationOptions<typeof input, typeof events>) =>
  defineOperation(given)
    .http("flight", {
      ...options,
      run: async ({ http, input: { service, flight }, emit }) => {
        await http.post(`${service}book`, { json: { answer: flight.books } });
        emit("leg.booked", { leg: "flight" });
      },
      compensate: async ({ http, input: { service, flight }, runIdempotencyKey, emit }) => {
        await http.post(`${service}drop`, { json: { booking: runIdempotencyKey, answer: flight.drops } });
        emit("leg.dropped", { leg: "flight" });
      },
    })
    .task("hotel", {
      ...options,
      run: async (context) => {
        const { service, hotel } = context.input;
        await call(`${service}book`, { answer: hotel.books }, context);
        context.emit("leg.booked", { leg: "hotel" });
      },
      compensate: async (context) => {
        const { service, hotel } = context.input;
        await call(`${service}drop`, { booking: context.runIdempotencyKey, answer: hotel.drops }, context);
        context.emit("leg.dropped", { leg: "hotel" });
      },
    })
    .http("car", {
      ...options,
      queue: "cars",
      run: async ({ http, input: { service, car }, emit }) => {
        await http.post(`${service}book`, { json: { answer: car.books } });
        emit("leg.booked", { leg: "car" });
      },
      compensate: async ({ http, input: { service, car }, runIdempotencyKey, emit }) => {
        await http.post(`${service}drop`, { json: { booking: runIdempotencyKey, answer: car.drops } });
        emit("leg.dropped", { leg: "car" });
      },
    })
    .failed(({ error: { code }, emit }) => emit("trip.off", { code }));

const bookTrip = threeLegs({ ...head, type: "trip.book" });
/** One that is stuck doesn't hold its trip. */
const bookTripGoingOn = threeLegs({ ...head, type: "trip.book-going-on", whenStuck: "go-on" });

/** The same with a leg that nobody takes back. */
const bookFixedTrip = defineOperation({ ...head, type: "trip.book-fixed" })
  .http("hotel", {
    ...options,
    irreversible: "The hotel takes nothing back",
    run: async ({ http, input: { service, hotel } }) => {
      await http.post(`${service}book`, { json: { answer: hotel.books } });
    },
  })
  .http("car", {
    ...options,
    run: async ({ http, input: { service, car } }) => {
      await http.post(`${service}book`, { json: { answer: car.books } });
    },
    compensate: async ({ http, input: { service, car }, runIdempotencyKey }) => {
      await http.post(`${service}drop`, { json: { booking: runIdempotencyKey, answer: car.drops } });
    },
  });

export default defineCatalog({ name: "trips", operations: [bookTrip, bookTripGoingOn, bookFixedTrip], events });
