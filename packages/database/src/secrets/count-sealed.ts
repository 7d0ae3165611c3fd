import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const count = statement(
  "count_sealed",
  `SELECT key_id AS "keyId", count(*)::int AS count FROM endpoint_secrets GROUP BY key_id ORDER BY key_id`,
);

/** How many secrets are sealed with each key of the keyring; a key that isn't named here is needed no more. */
export function countSealed(db: Database): Promise<{ keyId: string; count: number }[]> {
  return run(db.pool, count, []);
}
