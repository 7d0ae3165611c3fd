import { isUuidV7, type Json, timeOfUuidV7 } from "@postback/domain";
import type { ClientBase } from "pg";
import { limits } from "../limits.ts";
import { type TryLater, tryLater } from "../refusal.ts";
import type { OperationRef } from "../step-context.ts";

/** What was decided under a key. */
export type Decided =
  | { readonly state: "done"; readonly output: Json | undefined }
  | { readonly state: "refused"; readonly code: string; readonly message: string }
  | { readonly state: "stopped" };

type OperationKey = Pick<OperationRef, "id" | "tenantId">;

/** How far the clocks of those who make ids and of that database may be apart. */
const clockSkewMaxMs = 24 * 3600 * 1000;

/**
 * Takes the key, or waits for the transaction that has it. False when another one committed under it.
 * @throws {TryLater} `once-forgotten` when rows of the operation's time were pruned: it may have been done before
 */
export async function claim(
  client: ClientBase,
  operation: OperationKey,
  key: string,
  state: "begun" | "stopped",
): Promise<boolean> {
  const { rowCount } = await client.query({
    name: "postback_once_claim",
    text: "insert into postback_once (tenant_id, key, state) values ($1, $2, $3) on conflict do nothing",
    values: [operation.tenantId, key, state],
  });
  if (rowCount === 0) return false;
  await assertNotForgotten(client, operation.id);
  return true;
}

/** Asked in a statement of its own: that of the claim may have begun before the pruning. Young operations are never pruned. */
async function assertNotForgotten(client: ClientBase, operationId: string): Promise<void> {
  const madeAtMs = isUuidV7(operationId) ? timeOfUuidV7(operationId) : 0;
  if (Date.now() - madeAtMs < limits.onceKeptMinMs - clockSkewMaxMs) return;
  const { rows } = await client.query<{ before_ms: number }>(
    "select extract(epoch from before)::float8 * 1000 as before_ms from postback_once_pruned",
  );
  const [pruned] = rows;
  if (pruned !== undefined && madeAtMs < pruned.before_ms + clockSkewMaxMs) {
    throw tryLater("What was done for operations of that age has been pruned, so nobody knows whether this was done", {
      code: "once-forgotten",
    });
  }
}

/**
 * What was committed under a key that couldn't be claimed. Outputs are read as text: the pool may parse JSON its own way.
 * @throws {TryLater} `once-broken` when the work had ended its transaction by itself
 */
export async function readDecided(client: ClientBase, { tenantId }: OperationKey, key: string): Promise<Decided> {
  const { rows } = await client.query<{ state: Decided["state"] | "begun"; output: string | null }>({
    name: "postback_once_read",
    text: "select state, output::text as output from postback_once where tenant_id = $1 and key = $2",
    values: [tenantId, key],
  });
  const [row] = rows;
  if (row === undefined || row.state === "begun") throw broken();
  if (row.state === "stopped") return { state: "stopped" };
  const output = row.output === null ? undefined : JSON.parse(row.output);
  return row.state === "done" ? { state: "done", output } : { state: "refused", ...output };
}

/**
 * Writes what was decided into the row that this very transaction claimed.
 * @throws {TryLater} `once-broken` when the work has ended its transaction
 */
export async function settle(
  client: ClientBase,
  { tenantId }: OperationKey,
  key: string,
  decided: Decided,
): Promise<void> {
  const { rowCount } = await client.query({
    name: "postback_once_settle",
    text: `update postback_once set state = $3, output = $4
           where tenant_id = $1 and key = $2 and state = 'begun' and xmin = pg_current_xact_id()::xid`,
    values: [tenantId, key, decided.state, outputOf(decided)],
  });
  if (rowCount !== 1) throw broken();
}

function outputOf(decided: Decided): string | null {
  if (decided.state === "stopped") return null;
  if (decided.state === "refused") return JSON.stringify({ code: decided.code, message: decided.message });
  return decided.output === undefined ? null : JSON.stringify(decided.output);
}

const broken = (): TryLater =>
  tryLater("The work has begun, committed or rolled back a transaction on the client that it was given", {
    code: "once-broken",
  });
