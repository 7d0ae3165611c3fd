import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@postback/testkit";
import { expect } from "vitest";
import { faultsInSpans, type Span, type SpanLedger } from "./check-spans.ts";
import shifts from "./shifts/catalog.ts";
import type { ShopStack } from "./shop-stack.ts";
import type { ToldEvents } from "./told-events.ts";

/** Longer than the group waits for a member that was killed. */
const settleMaxMs = 60_000;

interface Told {
  readonly entity: string;
  readonly operationId: string;
}

/** Writers that note something of an entity each, one after another, at a steady rate together. */
class Notes {
  readonly told: Told[] = [];
  readonly #shop: ShopStack;
  readonly #entities: readonly string[];
  #goesOn = true;

  constructor(shop: ShopStack, name: string, entities: number) {
    this.#shop = shop;
    this.#entities = Array.from({ length: entities }, (_, index) => `${name}-${index}`);
  }

  /** Each writer waits for its answer: the log has the notes of an entity in the order in which they are told. */
  async writeWhile(perSecond: number, meanwhile: () => Promise<void>): Promise<void> {
    const writing = Promise.all(this.#entities.map((entity) => this.#write(entity, perSecond)));
    try {
      await meanwhile();
    } finally {
      this.#goesOn = false;
    }
    await writing;
  }

  async #write(entity: string, perSecond: number): Promise<void> {
    const everyMs = (1000 * this.#entities.length) / perSecond;
    const startedAtMs = performance.now() + Math.random() * everyMs;
    for (let count = 0; this.#goesOn; count += 1) {
      await sleep(Math.max(0, startedAtMs + count * everyMs - performance.now()));
      const { id } = await this.#shop.api.accepted("shift.note", { shift: entity });
      this.told.push({ entity, operationId: id });
    }
  }

  /** Resolves when every promise is kept, of all that was told. */
  async expectKept(events: ToldEvents): Promise<void> {
    await eventually(async () => expect(faultsInSpans(await this.#ledger(events))).toEqual([]), {
      timeoutMs: settleMaxMs,
      intervalMs: 500,
    });
  }

  async #ledger(events: ToldEvents): Promise<SpanLedger> {
    const spans = await spansOf(this.#shop, this.#entities);
    const known = new Set(spans.map(({ operationId }) => operationId));
    const ends = events.taken().filter(({ type, operationId = "" }) => isEnd.test(type) && known.has(operationId));
    return {
      told: this.told,
      steps: ["write", "read"],
      spans,
      ends: ends.map(({ operationId = "" }) => operationId),
    };
  }
}

const isEnd = /^operation\.(?:succeeded|failed|cancelled)$/;

async function spansOf({ db }: ShopStack, entities: readonly string[]): Promise<Span[]> {
  const { rows } = await db.query<Record<keyof Span, string>>(
    `SELECT entity_id AS entity, operation_id AS "operationId", step,
       (extract(epoch FROM began_at) * 1000000)::bigint AS "beganAtUs",
       (extract(epoch FROM ended_at) * 1000000)::bigint AS "endedAtUs"
     FROM ${shifts.schema}.spans WHERE entity_id = ANY($1)`,
    [entities],
  );
  return rows.map((row) => ({ ...row, beganAtUs: Number(row.beganAtUs), endedAtUs: Number(row.endedAtUs) }));
}

/** How often processors join or leave, milliseconds. */
const everyMs = 2_000;

/**
 * Processors of the stack join one after another until all are there, then leave until one is left, and so on.
 * @param seconds at least
 * @returns how many joined and how many left
 */
async function joinAndLeave({ stack }: ShopStack, seconds: number): Promise<{ joined: number; left: number }> {
  const changing = stack.apps.filter(({ name, index }) => name === "processor" && index > 0);
  const counts = { joined: 0, left: 0 };
  const endsAtMs = performance.now() + seconds * 1000;
  while (performance.now() < endsAtMs) {
    for (const app of changing) {
      if (!app.isRunning) app.start();
      counts.joined += 1;
      await sleep(everyMs);
    }
    for (const app of changing.toReversed()) {
      // It leaves in its own time, while the next one goes: as orchestrators do.
      app.kill("SIGTERM");
      counts.left += 1;
      await sleep(everyMs);
    }
    await Promise.all(changing.map((app) => app.waitForExit()));
  }
  return counts;
}

/** Under a steady load, 1 → 4 → 1 … processors: whoever works an entity, its operations run one at a time, in order, once. */
export async function holdsThroughRebalances(
  shop: ShopStack,
  events: ToldEvents,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<void> {
  const notes = new Notes(shop, "rebalanced", 24);
  let counts = { joined: 0, left: 0 };
  await notes.writeWhile(perSecond, async () => {
    counts = await joinAndLeave(shop, seconds);
  });
  const settledAtMs = performance.now();
  await notes.expectKept(events);
  const settling = ((performance.now() - settledAtMs) / 1000).toFixed(1);
  console.log(
    `${notes.told.length} operations of 24 entities, ${counts.joined} processors joined, ${counts.left} left; settled in ${settling} s`,
  );
  expect(notes.told.length).toBeGreaterThan(seconds);
}
