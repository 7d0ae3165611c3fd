import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@postback/testkit";
import { expect } from "vitest";
import { faultsInSpans, type Span } from "./check-spans.ts";
import shifts from "./shifts/catalog.ts";
import type { ShopStack } from "./shop-stack.ts";

/** Longer than the group waits for a member that was killed. */
const settleMaxMs = 60_000;

interface Told {
  readonly entity: string;
  readonly operationId: string;
}

/** Writers that note something of an entity each, one after another, at a steady rate together. */
export class Notes {
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
    const writing = Promise.all(this.#entities.map((entity) => this.#writeSteadily(entity, perSecond)));
    try {
      await meanwhile();
    } finally {
      this.#goesOn = false;
    }
    await writing;
  }

  async #writeSteadily(entity: string, perSecond: number): Promise<void> {
    const everyMs = (1000 * this.#entities.length) / perSecond;
    const startedAtMs = performance.now() + Math.random() * everyMs;
    for (let count = 0; this.#goesOn; count += 1) {
      await sleep(Math.max(0, startedAtMs + count * everyMs - performance.now()));
      await this.#writeOne(entity);
    }
  }

  /** So many for each entity. */
  async write(count: number): Promise<void> {
    await Promise.all(
      this.#entities.map(async (entity) => {
        for (let at = 0; at < count; at += 1) await this.#writeOne(entity);
      }),
    );
  }

  /**
   * Resolves when every promise is kept, of all that was told.
   * @param ends ids of operations that ended, as often as that was told
   */
  async expectKept(ends: () => Promise<readonly string[]>): Promise<void> {
    const faults = async () => {
      const spans = await spansOf(this.#shop, this.#entities);
      const known = new Set(spans.map(({ operationId }) => operationId));
      const ofThese = (await ends()).filter((id) => known.has(id));
      return faultsInSpans({ told: this.told, steps: ["write", "read"], spans, ends: ofThese });
    };
    await eventually(async () => expect(await faults()).toEqual([]), { timeoutMs: settleMaxMs, intervalMs: 500 });
  }

  async #writeOne(entity: string): Promise<void> {
    const { id } = await this.#shop.api.accepted("shift.note", { shift: entity });
    this.told.push({ entity, operationId: id });
  }
}

/** The operations that events say have ended. */
export const endsIn = (events: readonly { readonly type: string; readonly operationId: string | undefined }[]) =>
  events.filter(({ type }) => isEnd.test(type)).map(({ operationId = "" }) => operationId);

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
