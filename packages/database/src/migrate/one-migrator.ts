import pg from "pg";

/** Beside Prisma's own number (72707369), which the engine gives up waiting for after 10 s. */
const lockNumber = 72_707_370;
/** As long as the slowest migration of another process may take. */
const waitMaxMs = 10 * 60_000;

/** Runs the work while no other process migrates this database: those that start at the same time wait their turn. */
export async function asOnlyMigrator<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    lock_timeout: waitMaxMs,
    application_name: "postback-migrate",
  });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [lockNumber]);
    return await work();
  } finally {
    // The lock ends with its session.
    await client.end();
  }
}
