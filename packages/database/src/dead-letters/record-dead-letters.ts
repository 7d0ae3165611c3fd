import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";

export interface DeadLetterRow {
  topic: string;
  partition: number;
  offset: number;
  tenantId?: string | undefined;
  reason: string;
  detail: string;
  key?: string | undefined;
  /** Base64, all three: what nobody could read may hold any byte. */
  header?: string | undefined;
  body?: string | undefined;
}

const record = statement(
  "record_dead_letters",
  `INSERT INTO dead_letters (topic, partition, "offset", tenant_id, reason, detail, key, header, body)
   SELECT d.topic, d.partition, d."offset", d."tenantId", d.reason, d.detail, decode(d.key, 'base64'),
     decode(d.header, 'base64'), decode(d.body, 'base64')
   FROM json_to_recordset($1) AS d (topic text, partition integer, "offset" bigint, "tenantId" uuid, reason text,
     detail text, key text, header text, body text)
   ON CONFLICT DO NOTHING`,
);

/** Keeps given-up messages where they can be listed; one that is there already stays. */
export async function recordDeadLetters(db: Database, rows: readonly DeadLetterRow[]): Promise<void> {
  if (rows.length > 0) await run(db.pool, record, [JSON.stringify(rows)]);
}
