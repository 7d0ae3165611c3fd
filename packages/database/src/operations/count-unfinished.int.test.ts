import { newId } from "@postback/domain";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { countUnfinished } from "./count-unfinished.ts";

const rig = useDatabase();
const tenantId = newId();
const finishedRows = 20_000;
/** Pages of the table are a thousand. */
const pagesMax = 60;

async function insert(rows: number, given: { tenantId?: string; revision?: number; done?: boolean } = {}) {
  await rig.query(
    `INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, position, request_hash, input,
       status, completed_at)
     SELECT $1, uuidv7(), 'order.place', $2, 'order', n::text, 0, n, 'x', '{}', 'accepted', CASE WHEN $4 THEN now() END
     FROM generate_series(1, $3::integer) AS n`,
    [given.tenantId ?? tenantId, given.revision ?? 1, rows, given.done ?? false],
  );
}

beforeAll(async () => {
  await insert(finishedRows, { done: true });
  await insert(3);
  await insert(2, { revision: 2 });
  await insert(4, { tenantId: newId(), revision: 3 });
  await rig.query("ANALYZE operations");
});

test("counts a tenant's own unfinished operations by type and revision, or those of all", async () => {
  const own = [
    { type: "order.place", revision: 1, operations: 3 },
    { type: "order.place", revision: 2, operations: 2 },
  ];
  expect(await countUnfinished(rig.db, { tenantId }, 100)).toEqual({ revisions: own, isLeast: false });
  expect(await countUnfinished(rig.db, "anyone", 100)).toEqual({
    revisions: [...own, { type: "order.place", revision: 3, operations: 4 }],
    isLeast: false,
  });
});

test("looks at no more than it may, and says that there are more", async () => {
  const { revisions, isLeast } = await countUnfinished(rig.db, { tenantId }, 4);
  expect([revisions.reduce((sum, { operations }) => sum + operations, 0), isLeast]).toEqual([5, true]);
  expect((await countUnfinished(rig.db, { tenantId }, 5)).isLeast).toBe(false);
});

test.each([
  ["of a tenant", "AND o.tenant_id = $1", [tenantId]],
  ["of all", "", []],
])("what has ended costs nothing: %s", async (_, where, values) => {
  const [row] = await rig.query<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT o.type, o.revision FROM operations o
     WHERE o.completed_at IS NULL ${where} LIMIT 50001`,
    values,
  );
  const plan = row?.["QUERY PLAN"][0].Plan ?? {};
  expect((plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0)).toBeLessThan(pagesMax);
});
