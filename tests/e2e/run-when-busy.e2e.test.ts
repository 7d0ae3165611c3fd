import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Operation, Problem } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Answer } from "./rig/api-client.ts";
import { Workshop } from "./rig/gates/workshop.ts";
import { useShopStack } from "./rig/shop-stack.ts";

/** The first processor owns the operations, the second carries the queue of repairs and nothing else. */
const carried = ["commands", "repairs"] as const;
const shop = useShopStack({
  apps: { processor: carried.length },
  envOf: (name, index) => (name === "processor" ? { PROCESSOR_QUEUES: carried[index] ?? "" } : {}),
  catalogs: [fileURLToPath(new URL("./rig/gates/catalog.ts", import.meta.url))],
});
const workshop = new Workshop(() => shop().db);
beforeAll(() => workshop.start());
afterAll(() => workshop[Symbol.asyncDispose]());

const submit = (type: string, gate: string, given: object = {}) =>
  shop().api.submit(type, { gate, url: workshop.url, ...given });

/** Answers that weren't a yes, by their status. */
type Refused = Map<number, number>;

/** Goes ahead, however often it is refused: as clients do. */
async function pass(gate: string, refused: Refused = new Map()): Promise<Operation> {
  for (;;) {
    const { status, body, headers }: Answer<Operation> = await submit("gate.pass", gate);
    if (status === 201) return body;
    expect([409, 503]).toContain(status);
    expect(headers.get("retry-after")).toBe("1");
    refused.set(status, (refused.get(status) ?? 0) + 1);
    await sleep(200);
  }
}

/** How long the answer took, milliseconds. */
async function passedMs(gate: string): Promise<number> {
  const beganAtMs = performance.now();
  const { status, body } = await submit("gate.pass", gate, { takesMs: 1 });
  expect([status, body.steps.map((step) => step.status)]).toEqual([201, ["succeeded", "running"]]);
  return performance.now() - beganAtMs;
}

const median = (values: readonly number[]): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);

async function untilEnded(gate: string, count: number): Promise<void> {
  const ended = async () => {
    const { rows } = await shop().db.query(
      "SELECT status, count(*)::int AS count FROM operations WHERE entity_id = $1 GROUP BY status",
      [gate],
    );
    expect(rows).toEqual([{ status: "succeeded", count }]);
  };
  await eventually(ended, { timeoutMs: 60_000, intervalMs: 200 });
}

/** Pairs of steps of one gate that were at work at the same time. */
async function overlaps(gate: string): Promise<unknown[]> {
  const { rows } = await shop().db.query(
    `SELECT a.step, a.operation_id, b.step AS other_step, b.operation_id AS other FROM gates.spans a JOIN gates.spans b
       ON b.entity_id = a.entity_id AND b.ctid > a.ctid AND b.began_at < a.ended_at AND b.ended_at > a.began_at
     WHERE a.entity_id = $1`,
    [gate],
  );
  return rows;
}

/** How often each step was done, and for how many operations. */
async function done(gate: string): Promise<Record<string, { times: number; operations: number }>> {
  const { rows } = await shop().db.query<{ step: string; times: number; operations: number }>(
    `SELECT step, count(*)::int AS times, count(DISTINCT operation_id)::int AS operations
     FROM gates.spans WHERE entity_id = $1 GROUP BY step`,
    [gate],
  );
  return Object.fromEntries(rows.map(({ step, ...counts }) => [step, counts]));
}

const once = (operations: number) => ({ times: operations, operations });

test("goes ahead of an operation that waits for its next attempt, and what follows the sync steps queues behind it", async () => {
  const gate = "waiting";
  const { body: waiting } = await submit("gate.wait", gate);
  await eventually(async () => expect(await shop().api.operation(waiting.id)).toMatchObject({ status: "waiting" }));
  const idleMs: number[] = [];
  const aheadMs: number[] = [];
  for (let count = 1; count <= 20; count += 1) {
    idleMs.push(await passedMs(`idle-${count}`));
    aheadMs.push(await passedMs(gate));
  }
  expect(await done(gate)).toEqual({ open: once(20) });
  console.log(
    `run when busy, median answer: ${median(aheadMs)} ms ahead of one that waits, ${median(idleMs)} ms without`,
  );
  expect(median(aheadMs)).toBeLessThan(500);
  await shop().api.ask("POST", `/operations/${waiting.id}/cancel`);
  const counted = async () => expect(await done(gate)).toEqual({ open: once(20), shut: once(20) });
  await eventually(counted, { timeoutMs: 20_000 });
});

test("a step that doesn't end in time: 409 with Retry-After, and nothing is done; after its end it goes ahead", async () => {
  const gate = "slow";
  const { body: slow } = await submit("gate.inspect", gate, { takesMs: 4_000 });
  await eventually(() => expect(workshop.begun).toContain(slow.id));
  const answer = await submit("gate.pass", gate);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"]);
  expect((answer.body as unknown as Problem).type).toMatch(/entity-busy$/);
  await pass(gate);
  await untilEnded(gate, 2);
  expect([await done(gate), await overlaps(gate)]).toEqual([{ call: once(1), open: once(1), shut: once(1) }, []]);
});

const kinds = ["gate.paint", "gate.inspect", "gate.repair"] as const;

test("fifty of each kind at once on one gate: no step runs beside another, and each is done once", async () => {
  const gate = "crowded";
  const refused: Refused = new Map();
  const passing = Array.from({ length: 50 }, () => pass(gate, refused));
  const queued = Array.from({ length: 50 }, () => kinds.map((kind) => submit(kind, gate))).flat();
  expect(new Set((await Promise.all(queued)).map(({ status }) => status))).toEqual(new Set([202]));
  await Promise.all(passing);
  const { rows } = await shop().db.query(
    "SELECT count(*)::int AS behind FROM operations WHERE entity_id = $1 AND completed_at IS NULL AND type <> 'gate.pass'",
    [gate],
  );
  await untilEnded(gate, 200);
  console.log(`run when busy: all passed with ${rows[0].behind} still queued; refused ${JSON.stringify([...refused])}`);
  expect(await overlaps(gate)).toEqual([]);
  expect(await done(gate)).toEqual({ open: once(50), shut: once(50), paint: once(50), call: once(100) });
});

test("kill -9 of the owner and of the worker in the middle: still no two at once, and no effect is lost or doubled", async () => {
  const gate = "killed";
  const queued = Array.from({ length: 15 }, () => kinds.map((kind) => submit(kind, gate, { takesMs: 30 }))).flat();
  await Promise.all(queued);
  const refused: Refused = new Map();
  const passing = Array.from({ length: 15 }, () => pass(gate, refused));
  await eventually(async () => expect((await done(gate))["open"]?.times).toBeGreaterThan(2), { intervalMs: 10 });
  for (const index of [0, 1]) {
    const processor = shop().app("processor", index);
    processor.kill("SIGKILL");
    await processor.waitForExit();
    processor.start();
  }
  await Promise.all(passing);
  await untilEnded(gate, 60);
  console.log(`run when busy, kills: refused ${JSON.stringify([...refused])}`);
  expect(await overlaps(gate)).toEqual([]);
  const { call, ...others } = await done(gate);
  expect(others).toEqual({ open: once(15), shut: once(15), paint: once(15) });
  expect(call?.operations).toBe(30);
  const { rows } = await shop().db.query("SELECT FROM entity_pauses");
  expect(rows).toEqual([]);
});
