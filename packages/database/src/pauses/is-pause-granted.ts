import { type Queryable, run, statement } from "../statement.ts";
import type { PauseKey } from "./pause-row.ts";

const find = statement("find_pause", "SELECT granted FROM entity_pauses WHERE tenant_id = $1 AND id = $2");

/** Whether no step of the entity runs nor begins, until the pause ends; undefined when it has ended. */
export async function isPauseGranted(on: Queryable, { tenantId, id }: PauseKey): Promise<boolean | undefined> {
  const [row] = await run<{ granted: boolean }>(on, find, [tenantId, id]);
  return row?.granted;
}
