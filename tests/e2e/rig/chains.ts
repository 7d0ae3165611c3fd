import type { Operation } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { expect } from "vitest";
import { takeOverMaxMs } from "./owners.ts";
import type { ShopStack } from "./shop-stack.ts";

/** Deltas whose running sums are all different, so that each result tells its place in the order. */
const deltas = Array.from({ length: 20 }, (_, index) => index + 1);

export const ended = ({ api }: ShopStack, id: string): Promise<Operation> =>
  eventually(
    async () => {
      const operation = await api.operation(id);
      expect(operation.completedAt).toBeDefined();
      return operation;
    },
    { timeoutMs: takeOverMaxMs, intervalMs: 200 },
  );

/** Adjusts the stock of one article step by step, waiting for each answer: the log has them in this order. */
class Chain {
  readonly ids: string[] = [];
  readonly #shop: ShopStack;
  readonly #sku: string;
  constructor(shop: ShopStack, sku: string) {
    this.#shop = shop;
    this.#sku = sku;
  }

  async submit(count: number): Promise<void> {
    for (const delta of deltas.slice(this.ids.length, this.ids.length + count)) {
      this.ids.push((await this.#shop.api.accepted("stock.adjust", { sku: this.#sku, delta })).id);
    }
  }

  /** The quantities that the operations saw, which are the running sums when each came once and in order. */
  async expectInOrder(): Promise<void> {
    const operations = await Promise.all(this.ids.map((id) => ended(this.#shop, id)));
    let sum = 0;
    const sums = deltas.slice(0, this.ids.length).map((delta) => (sum += delta));
    expect(operations.map(({ result }) => (result as { quantity: number } | undefined)?.quantity)).toEqual(sums);
    const { rows } = await this.#shop.db.query("SELECT quantity FROM shop.stock WHERE sku = $1", [this.#sku]);
    expect(rows).toEqual([{ quantity: sum }]);
  }
}

/** One chain for each of several articles. */
export class Chains {
  readonly #chains: readonly Chain[];

  /** @param name begins the names of its articles */
  constructor(shop: ShopStack, name: string, count: number) {
    this.#chains = Array.from({ length: count }, (_, index) => new Chain(shop, `${name}-${index}`));
  }

  get ids(): string[] {
    return this.#chains.flatMap(({ ids }) => ids);
  }

  /** So many further operations in each. */
  async submit(count: number): Promise<void> {
    await Promise.all(this.#chains.map((chain) => chain.submit(count)));
  }

  async expectInOrder(): Promise<void> {
    await Promise.all(this.#chains.map((chain) => chain.expectInOrder()));
  }
}
