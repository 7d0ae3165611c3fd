/** What is posted, and who is told: data alone, so that a further scenario is one more entry. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly path: "/v1/events" | "/v1/operations" | "/v1/operations/batch";
  /** What one request holds; of each the answer says apart whether it was accepted. Default: one, and 202 says so. */
  readonly writesEach?: number;
  /** The event that the endpoints are registered for, and that each accepted request leads to exactly once. */
  readonly told: string;
  readonly endpoints: number;
  /** Webhooks in flight to each endpoint at once; 8 is what an endpoint has that doesn't say. */
  readonly endpointConcurrency: number;
  /** Whether it takes from the shop's stock. */
  readonly needsStock: boolean;
  /** @param mark text that the told event has to carry; of a batch's writes each begins with it */
  body(mark: string, sequence: number): string;
}

export const scenarioNames = [
  "events",
  "events-x10",
  "order",
  "stuck-entities",
  "accept",
  "accept-batch",
  "watch",
  "hanging",
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** So many articles are ordered in turn: fewer would measure how long the orders of one wait for each other. */
export const benchSkus: readonly string[] = Array.from({ length: 200 }, (_, at) => `bench-sku-${at + 1}`);

const eventBody =
  (type: string) =>
  (mark: string, sequence: number): string => {
    const items = [
      { sku: "sku-1", quantity: 2 },
      { sku: "sku-2", quantity: 1 },
    ];
    const data = { orderId: mark, customerId: `customer-${sequence % 1_000}`, currency: "EUR", amount: 4_200, items };
    return JSON.stringify({ type, data });
  };

function orderBody(mark: string, sequence: number): string {
  const input = {
    orderId: mark,
    customerId: `customer-${sequence % 1_000}`,
    items: [{ sku: benchSkus[sequence % benchSkus.length], quantity: 1 }],
    currency: "EUR",
    amount: 4_200,
    paymentToken: "tok_ok",
  };
  return JSON.stringify({ type: "order.place", input });
}

/** As many as a client would gather in some 10 ms at the rate that is promised. */
const batchWrites = 100;

function batchBody(mark: string, sequence: number): string {
  const operations = Array.from({ length: batchWrites }, (_, at) =>
    orderBody(`${mark}-${at}`, sequence * batchWrites + at),
  );
  return `{"operations":[${operations.join(",")}]}`;
}

const order: Omit<Scenario, "name"> = {
  path: "/v1/operations",
  told: "order.placed",
  endpoints: 1,
  endpointConcurrency: 64,
  needsStock: true,
  body: orderBody,
};

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  events: {
    name: "events",
    path: "/v1/events",
    told: "bench.posted",
    endpoints: 1,
    endpointConcurrency: 64,
    needsStock: false,
    body: eventBody("bench.posted"),
  },
  "events-x10": {
    name: "events-x10",
    path: "/v1/events",
    told: "bench.fanned-out",
    endpoints: 10,
    endpointConcurrency: 8,
    needsStock: false,
    body: eventBody("bench.fanned-out"),
  },
  order: { name: "order", ...order },
  /** Orders that nobody carries out or is told of: what accepting alone takes. */
  accept: { name: "accept", ...order, endpoints: 0, needsStock: false },
  "accept-batch": {
    name: "accept-batch",
    ...order,
    path: "/v1/operations/batch",
    writesEach: batchWrites,
    endpoints: 0,
    needsStock: false,
    body: batchBody,
  },
  watch: {
    name: "watch",
    path: "/v1/events",
    told: "bench.watched",
    endpoints: 1,
    endpointConcurrency: 64,
    needsStock: false,
    body: eventBody("bench.watched"),
  },
  /** Orders, beside operations of other entities that are retried in vain. */
  "stuck-entities": { name: "stuck-entities", ...order },
  /** One event, ten endpoints, of which the first hangs in every other run. */
  hanging: {
    name: "hanging",
    path: "/v1/events",
    told: "bench.beside-hanging",
    endpoints: 10,
    endpointConcurrency: 8,
    needsStock: false,
    body: eventBody("bench.beside-hanging"),
  },
};
