import type { Database } from "./open-database.ts";
import { run, statement } from "./statement.ts";

const endMaxMs = 5_000;
const end = statement(
  "end_backend",
  `SELECT pg_terminate_backend(pid, $2) AS ended FROM pg_stat_activity
   WHERE pid = $1 AND application_name = current_setting('application_name')`,
);

/**
 * Makes sure that nothing more comes of a connection of ours that was lost: the server may still be working what was
 * sent on it. Afterwards the rows say for good what took effect.
 * @param pid the server process that the connection had
 * @throws when it doesn't end in time
 */
export async function endBackend(db: Database, pid: number): Promise<void> {
  const [row] = await run<{ ended: boolean }>(db.pool, end, [pid, endMaxMs]);
  if (row?.ended === false) throw new Error(`backend ${pid} did not end within ${endMaxMs} ms`);
}

/** The server process behind a client, which pg tells in a property that its types leave out. */
export function backendOf(client: object): number | undefined {
  const { processID } = client as { processID?: unknown };
  return typeof processID === "number" ? processID : undefined;
}
