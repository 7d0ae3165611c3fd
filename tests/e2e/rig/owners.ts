import { eventually } from "@postback/testkit";
import { expect } from "vitest";
import { partitions, type ShopStack } from "./shop-stack.ts";

/** The session timeout of the group is 10 s: then the others get what a silent member had. */
export const takeOverMaxMs = 25_000;

/** The partitions of each processor that owns some. */
export async function partitionsByOwner({ db }: ShopStack): Promise<Map<string, number[]>> {
  const { rows } = await db.query<{ owner: string; partition: number }>(
    "SELECT owner, partition FROM partition_owners ORDER BY partition",
  );
  return new Map(
    [...Map.groupBy(rows, ({ owner }) => owner)].map(([owner, of]) => [owner, of.map((r) => r.partition)]),
  );
}

/** Two processors own half of the partitions each. */
export const bothOwn = (shop: ShopStack): Promise<void> =>
  eventually(
    async () => {
      const owners = await partitionsByOwner(shop);
      expect([...owners.values()].map((owned) => owned.length)).toEqual([partitions / 2, partitions / 2]);
    },
    { timeoutMs: takeOverMaxMs },
  );

export const oneOwns = (shop: ShopStack): Promise<void> =>
  eventually(async () => expect((await partitionsByOwner(shop)).size).toBe(1), { timeoutMs: takeOverMaxMs });
