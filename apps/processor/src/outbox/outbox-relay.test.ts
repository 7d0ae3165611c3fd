import type { Database, OperationRow, OutboxRow } from "@postback/database";
import { createLogger } from "@postback/runtime";
import { expect, it } from "vitest";
import { type OwnedPartition, Positions } from "../own/owned-partition.ts";
import { EventNumbers } from "../publish/event-numbers.ts";
import type { Queued } from "../queues/queued.ts";
import { Slots } from "../steps/slots.ts";
import { OutboxRelay } from "./outbox-relay.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const recordedAt = new Date(1_790_000_000_000);

const synced = (id: string, given: Partial<OutboxRow> = {}): OutboxRow => ({
  tenantId: "t",
  id,
  type: "order.checkout",
  revision: 1,
  entityType: "order",
  entityId: id,
  partition: 3,
  position: null,
  status: "running",
  version: 0,
  input: "{}",
  step: "reserve-stock",
  steps: [],
  cause: null,
  result: null,
  error: null,
  request: null,
  dispatchedStep: null,
  dispatchedVersion: null,
  duplicateOf: null,
  audience: null,
  traceparent: null,
  nextAttemptAt: null,
  createdAt: recordedAt,
  updatedAt: recordedAt,
  completedAt: null,
  events: [{ type: "order.recorded", data: { id } }],
  recordedAt,
  ...given,
});

/** What becomes of a statement that admits: its answer may be lost before it did anything, or after. */
type Fate = "answered" | "lost before" | "lost after" | "fenced";

/** The tables as far as the relay sees them, by the names of its statements. */
class Tables {
  outbox: OutboxRow[];
  readonly operations: OperationRow[] = [];
  readonly asked: string[] = [];
  readonly #fates: Fate[];

  constructor(outbox: OutboxRow[], fates: Fate[]) {
    this.outbox = outbox;
    this.#fates = fates;
  }

  async query({ name, values }: { name: string; values: unknown[] }): Promise<{ rows: unknown[] }> {
    this.asked.push(name);
    if (name === "load_outbox") return { rows: this.outbox };
    if (name === "load_operation") return { rows: this.operations.filter(({ id }) => id === values[1]) };
    if (name === "admit_outbox") return { rows: this.#admit(JSON.parse(values[2] as string)) };
    return { rows: [] };
  }

  #admit(places: { id: string; position: string }[]): unknown[] {
    const fate = this.#fates.shift() ?? "answered";
    if (fate === "fenced") return [{ owned: false, place: null }];
    if (fate === "lost before") throw new Error("Connection terminated unexpectedly");
    const admitted = this.outbox.map((row, index) => ({ ...row, position: places[index]?.position ?? null }));
    this.operations.push(...admitted);
    this.outbox = [];
    if (fate === "lost after") throw new Error("Connection terminated unexpectedly");
    return admitted.map((row) => ({ ...row, owned: true, place: row.position }));
  }
}

function rig(outbox: OutboxRow[], ...fates: Fate[]) {
  const tables = new Tables(outbox, fates);
  const query = (statement: { name: string; values: unknown[] }) => tables.query(statement);
  const pool = { query, connect: async () => ({ query, processID: 7, release: () => undefined }) };
  const queued: Queued[] = [];
  const numbers = new EventNumbers(1n);
  const lost = new AbortController();
  const owned = {
    partition: 3,
    epoch: 1n,
    lost,
    admitting: new Slots(1),
    positions: new Positions(1n),
    queues: { add: (one: Queued) => void queued.push(one) },
    publisher: { numbers, kick: () => undefined },
  } as unknown as OwnedPartition;
  const relay = new OutboxRelay({
    db: { pool } as unknown as Database,
    lose: () => lost.abort(),
    onAdmitted: () => undefined,
    logger,
  });
  const told = () =>
    numbers.takeDecided(100).map(({ operationId, number }) => [operationId, Number(BigInt(number) % 2n ** 40n)]);
  return { tables, relay, owned, queued, numbers, told };
}

it("gives positions in the order of the outbox, queues what goes on, and tells all of their events", async () => {
  const { relay, owned, queued, told } = rig([
    synced("a"),
    synced("b", { status: "succeeded", completedAt: recordedAt }),
    synced("c"),
  ]);
  expect(await relay.admit(owned)).toBe(3);
  const first = 2n ** 40n;
  expect(queued).toMatchObject([
    { id: "a", position: first + 1n, inherited: false },
    { id: "c", position: first + 3n, inherited: false },
  ]);
  expect(told()).toEqual([
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
});

it("tells an event with the time at which its step was done", async () => {
  const { relay, owned, numbers } = rig([synced("a")]);
  await relay.admit(owned);
  const [event] = numbers.takeDecided(1);
  expect(JSON.parse(event?.body ?? "")).toMatchObject({
    type: "order.recorded",
    timestamp: recordedAt.toISOString(),
    operation: { id: "a", type: "order.checkout" },
    entity: { type: "order", id: "a" },
    data: { id: "a" },
  });
});

it("takes what was committed although its answer was lost, once", async () => {
  const { tables, relay, owned, queued, told } = rig([synced("a"), synced("b")], "lost after");
  expect(await relay.admit(owned)).toBe(2);
  expect(queued.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(told()).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
  expect(tables.asked).toEqual(["load_outbox", "admit_outbox", "end_backend", "load_operation", "load_operation"]);
});

it("tries again, under new numbers, what was lost before it did anything", async () => {
  const { relay, owned, queued, told } = rig([synced("a")], "lost before");
  expect(await relay.admit(owned)).toBe(1);
  expect(queued).toMatchObject([{ id: "a", position: 2n ** 40n + 2n }]);
  expect(told()).toEqual([["a", 2]]);
});

it("loses the partition where another owner has it: nothing is queued or told", async () => {
  const { relay, owned, queued, told, numbers } = rig([synced("a")], "fenced");
  expect(await relay.admit(owned)).toBe(0);
  expect(owned.lost.signal.aborted).toBe(true);
  expect([queued, told(), numbers.undecided]).toEqual([[], [], 0]);
});

it("looks once for all that told it while it waited for its turn", async () => {
  const { tables, relay, owned } = rig([]);
  const turn = Promise.withResolvers<void>();
  const batch = owned.admitting.use(() => turn.promise);
  relay.kick(owned);
  relay.kick(owned);
  turn.resolve();
  await Promise.all([batch, relay.idle()]);
  expect(tables.asked).toEqual(["load_outbox"]);
});
