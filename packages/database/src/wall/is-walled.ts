import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

const look = statement(
  "is_walled",
  `SELECT row_security_active('endpoints')
     AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'postback_api' AND pg_has_role(current_user, oid, 'USAGE')) AS walled`,
);

/**
 * Whether row-level security holds for whom the database is connected as: not for a superuser, nor for the owner of the
 * tables, nor for who isn't in the role `postback_api`.
 */
export async function isWalled(db: Database): Promise<boolean> {
  const [row] = await run<{ walled: boolean }>(db.pool, look, []);
  return row?.walled === true;
}
