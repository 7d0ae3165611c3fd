/** A write that a client was told is taken (202), and what has to come of it. */
export interface ToldOperation {
  readonly id: string;
  readonly ends: "succeeded" | "failed";
  /** Types of the events that it tells, `operation.*` among them; each comes once. */
  readonly events: readonly string[];
}

/** A webhook that a receiver got. */
export interface Arrival {
  readonly endpoint: string;
  readonly webhookId: string;
  readonly type: string;
  /** Of an event of an operation. */
  readonly operationId?: string;
}

/** An `order.place` as its row says it is. */
interface OrderOperation {
  readonly id: string;
  readonly orderId: string;
  readonly status: string;
  readonly sku: string;
  readonly quantity: number;
}

export interface Charge {
  readonly id: string;
  readonly orderId: string;
  readonly isRefunded: boolean;
}

export interface Ledger {
  /** Endpoints that are told of everything. */
  readonly endpoints: readonly string[];
  readonly operations: readonly ToldOperation[];
  /** Ids of direct events that were answered 202. */
  readonly events: readonly string[];
  readonly arrivals: readonly Arrival[];
}

/** What the database and the payment provider hold in the end. */
export interface Effects {
  /** All, also those whose client got no answer: they may have run, and then wholly. */
  readonly operations: readonly OrderOperation[];
  readonly orders: readonly { readonly orderId: string; readonly status: string }[];
  /** Sku → how many are gone. */
  readonly taken: ReadonlyMap<string, number>;
  readonly charges: readonly Charge[];
}

/** Each broken promise in words, or none. Each operation is of an order of its own. */
export function faultsIn(ledger: Ledger, effects: Effects): string[] {
  return [
    ...faultsOfOperations(ledger, effects),
    ...faultsOfWebhooks(ledger),
    ...faultsOfStock(effects),
    ...faultsOfOrders(effects),
  ];
}

/** Webhooks that came again, with the same id at the same endpoint. */
export function duplicatesIn({ arrivals }: Pick<Ledger, "arrivals">): number {
  return arrivals.length - new Set(arrivals.map(({ endpoint, webhookId }) => `${endpoint}/${webhookId}`)).size;
}

/** I1: what was accepted has ended, as it should. */
function faultsOfOperations({ operations }: Ledger, effects: Effects): string[] {
  const found = Map.groupBy(effects.operations, ({ id }) => id);
  return operations.flatMap(({ id, ends }) => {
    const rows = found.get(id) ?? [];
    if (rows.length !== 1) return [`operation ${id} has ${rows.length} rows`];
    return rows[0]?.status === ends ? [] : [`operation ${id} is ${rows[0]?.status}, not ${ends}`];
  });
}

/** I4: every event comes at least once, and is one event wherever it comes. */
function faultsOfWebhooks({ endpoints, operations, events, arrivals }: Ledger): string[] {
  const ids = Map.groupBy(arrivals, ({ endpoint, operationId, type }) => `${endpoint}/${operationId}/${type}`);
  const direct = new Set(arrivals.map(({ endpoint, webhookId }) => `${endpoint}/${webhookId}`));
  return endpoints.flatMap((endpoint) => [
    ...operations.flatMap(({ id, events: types }) =>
      types.flatMap((type) => {
        const count = new Set(ids.get(`${endpoint}/${id}/${type}`)?.map(({ webhookId }) => webhookId)).size;
        return count === 1 ? [] : [`operation ${id} told ${endpoint} of ${type} by ${count} events`];
      }),
    ),
    ...events.flatMap((id) => (direct.has(`${endpoint}/${id}`) ? [] : [`event ${id} did not come to ${endpoint}`])),
    ...faultsOfEnds(endpoint, arrivals),
  ]);
}

const ends: ReadonlySet<string> = new Set(["operation.succeeded", "operation.failed", "operation.cancelled"]);

/** An operation ends once: also one whose client got no answer. */
function faultsOfEnds(endpoint: string, arrivals: readonly Arrival[]): string[] {
  const told = arrivals.filter((arrival) => arrival.endpoint === endpoint && ends.has(arrival.type));
  return [...Map.groupBy(told, ({ operationId }) => operationId)].flatMap(([id, of]) => {
    const count = new Set(of.map(({ webhookId }) => webhookId)).size;
    return count === 1 ? [] : [`operation ${id} ended ${count} times, as ${endpoint} was told`];
  });
}

/** I2: the stock went down by exactly what the orders took that stand. */
function faultsOfStock({ operations, taken }: Effects): string[] {
  const due = new Map<string, number>();
  for (const { sku, quantity, status } of operations) {
    if (status === "succeeded") due.set(sku, (due.get(sku) ?? 0) + quantity);
  }
  return [...new Set([...due.keys(), ...taken.keys()])].flatMap((sku) => {
    const [gone, sold] = [taken.get(sku) ?? 0, due.get(sku) ?? 0];
    return gone === sold ? [] : [`${gone} of ${sku} are gone, but ${sold} were sold`];
  });
}

/** I2 and I6: one order and one charge for each operation, and no money kept of one that failed. */
function faultsOfOrders({ operations, orders, charges }: Effects): string[] {
  const rows = Map.groupBy(orders, ({ orderId }) => orderId);
  const made = Map.groupBy(charges, ({ orderId }) => orderId);
  return operations.flatMap((operation) => {
    const { orderId } = operation;
    return faultsOfOrder(operation, rows.get(orderId) ?? [], made.get(orderId) ?? []);
  });
}

function faultsOfOrder(
  { id, orderId, status }: OrderOperation,
  rows: Effects["orders"],
  charges: Effects["charges"],
): string[] {
  if (status !== "succeeded" && status !== "failed") return [`operation ${id} has not ended: ${status}`];
  const kept = charges.filter(({ isRefunded }) => !isRefunded).length;
  const due = status === "succeeded" ? { order: "placed", charges: 1 } : { order: "rejected", charges: 0 };
  return [
    ...(rows.length === 1 ? [] : [`order ${orderId} has ${rows.length} rows`]),
    ...(rows.every((row) => row.status === due.order) ? [] : [`order ${orderId} is not ${due.order}`]),
    ...(kept === due.charges ? [] : [`${kept} charges of order ${orderId} are kept, not ${due.charges}`]),
  ];
}
