import type { TransactionClient } from "../statement.ts";
import { run, statement } from "../statement.ts";
import type { PauseKey } from "./pause-row.ts";

const use = statement(
  "use_pause",
  `WITH used AS (DELETE FROM entity_pauses WHERE tenant_id = $1 AND id = $2 AND granted RETURNING partition)
   SELECT pg_notify('postback_pauses', partition::text) FROM used`,
);

/**
 * Makes a granted pause the transaction's: it lasts until the transaction has ended, whatever its time, because nobody can
 * end a row that is being deleted, and everybody else still sees it. The commit ends it; a rollback leaves it as it was.
 * @returns false when it has ended or was never granted: steps of the entity may run
 */
export async function usePause(client: TransactionClient, { tenantId, id }: PauseKey): Promise<boolean> {
  return (await run(client, use, [tenantId, id])).length > 0;
}
