import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import {
  type DeadLetterPlace,
  type FoundDeadLetter,
  isOpen,
  listedColumns,
  messageColumns,
} from "./dead-letter-row.ts";

const load = statement(
  "load_open_letters",
  `SELECT ${listedColumns}, ${messageColumns}
   FROM json_to_recordset($1) AS p (topic text, partition integer, "offset" bigint)
   JOIN dead_letters d ON d.topic = p.topic AND d.partition = p.partition AND d."offset" = p."offset"
   WHERE ${isOpen} ORDER BY d.topic, d.partition, d."offset"`,
);

/** The letters of these places that are still open, with their messages, in the order of the log. */
export async function loadOpenLetters(db: Database, places: readonly DeadLetterPlace[]): Promise<FoundDeadLetter[]> {
  return await run<FoundDeadLetter>(db.pool, load, [JSON.stringify(places)]);
}
