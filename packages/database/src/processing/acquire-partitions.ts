import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { inTransaction } from "../transaction.ts";

export interface Ownership {
  partition: number;
  epoch: bigint;
  /** Nobody else owned it since: what is in memory is still true. */
  kept: boolean;
}

const make = statement(
  "make_partition_owners",
  `INSERT INTO partition_owners (partition, owner, epoch)
   SELECT p, '', 0 FROM unnest($1::integer[]) AS p ORDER BY p ON CONFLICT DO NOTHING`,
);
/** Waits for every checkpoint and admission that holds a fence under the old epoch. */
const lock = statement(
  "lock_partition_owners",
  `SELECT partition, owner, epoch::text AS epoch FROM partition_owners WHERE partition = ANY($1)
   ORDER BY partition FOR UPDATE`,
);
const raise = statement(
  "raise_partition_epochs",
  `UPDATE partition_owners SET owner = $2, epoch = epoch + 1, acquired_at = now() WHERE partition = ANY($1)
   RETURNING partition, epoch::text AS epoch`,
);

interface OwnerRow {
  partition: number;
  owner: string;
  epoch: string;
}

/**
 * Takes the partitions that the group assigned (design §3.2): those that still name `owner` under the epoch it knows are
 * kept; of the others the epoch is raised, after which no checkpoint of an older epoch can commit.
 */
export async function acquirePartitions(
  db: Database,
  owner: string,
  partitions: readonly number[],
  known: ReadonlyMap<number, bigint>,
): Promise<Ownership[]> {
  if (partitions.length === 0) return [];
  return await inTransaction(db, async (client) => {
    await run(client, make, [partitions]);
    const rows = await run<OwnerRow>(client, lock, [partitions]);
    const isKept = (row: OwnerRow) => row.owner === owner && known.get(row.partition) === BigInt(row.epoch);
    const kept = rows.filter(isKept).map((row) => ({ ...asOwnership(row), kept: true }));
    const others = rows.filter((row) => !isKept(row)).map((row) => row.partition);
    const raised = others.length > 0 ? await run<OwnerRow>(client, raise, [others, owner]) : [];
    return [...kept, ...raised.map((row) => ({ ...asOwnership(row), kept: false }))];
  });
}

const asOwnership = ({ partition, epoch }: { partition: number; epoch: string }) => ({
  partition,
  epoch: BigInt(epoch),
});
