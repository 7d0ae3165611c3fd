import type pg from "pg";
import { beforeAll, expect, it } from "vitest";
import { recordOutcomes } from "../dispatch/record-outcomes.ts";
import type { Database } from "../open-database.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anEndpoint, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { findStalest } from "./find-stalest.ts";
import { backlogCountMax, readFreshness } from "./read-freshness.ts";

const rig = useDatabase();
/** Of each: what waits, and what was delivered. */
const rowsEach = 30_000;
let endpoint: EndpointKey;

interface Node {
  "Actual Rows"?: number;
  "Actual Loops"?: number;
  "Rows Removed by Filter"?: number;
  Plans?: Node[];
}

beforeAll(async () => {
  endpoint = await anEndpoint(rig.db);
  await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint)]));
  for (const [status, due] of [
    ["pending", "now() + interval '1 hour'"],
    ["delivered", "NULL"],
  ]) {
    await rig.query(
      `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
       SELECT $1, uuidv7(interval '1 second' - n * interval '1 millisecond'), $2, 'order.placed', 0, $3, ${due}
       FROM generate_series(1, $4) AS n`,
      [endpoint.tenantId, endpoint.endpointId, status, rowsEach],
    );
  }
}, 60_000);

const most = (node: Node): number =>
  Math.max(
    ((node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0)) * (node["Actual Loops"] ?? 1),
    ...(node.Plans ?? []).map(most),
  );

/** The most rows that any part of the statements read, on a session that tells each plan as it was carried out. */
async function rowsRead(work: (db: Database) => Promise<unknown>): Promise<number> {
  const client = await rig.connect();
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
    SET auto_explain.log_timing = off; SET auto_explain.log_format = json; SET client_min_messages = log`);
  const counts: number[] = [];
  client.on("notice", ({ message }) => {
    if (!message?.includes("plan:")) return;
    counts.push(most((JSON.parse(message.slice(message.indexOf("{"))) as { Plan: Node }).Plan));
  });
  const connect = async () => Object.assign(client, { release: () => undefined }) as unknown as pg.PoolClient;
  // Prepared statements are planned for their values at first and for any values later.
  for (let round = 0; round < 8; round += 1) await work({ pool: { connect } } as unknown as Database);
  expect(counts.length).toBeGreaterThanOrEqual(8);
  return Math.max(...counts);
}

it.each(["without statistics", "with statistics"])(
  "how far an endpoint is behind costs what is counted, whatever waits and was delivered, %s",
  async (when) => {
    if (when === "with statistics") await rig.query("ANALYZE deliveries");
    const read = (db: Database) => readFreshness(db, endpoint.tenantId, endpoint.endpointId);
    expect(await read(rig.db)).toMatchObject({ backlog: backlogCountMax, backlogIsExact: false });
    expect(await rowsRead(read)).toBeLessThanOrEqual(backlogCountMax + 1);
    const bounds = { lanesMax: 100, top: 10, backlogMax: 100 };
    expect((await findStalest(rig.db, bounds)).endpoints).toMatchObject([{ backlog: bounds.backlogMax }]);
    expect(await rowsRead((db) => findStalest(db, bounds))).toBeLessThanOrEqual(bounds.backlogMax);
  },
);
