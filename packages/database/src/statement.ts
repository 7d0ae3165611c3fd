import type pg from "pg";

/** Anything that runs a statement: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;

/** The client of an open transaction. */
export type TransactionClient = pg.ClientBase;

/** A statement that the server keeps prepared under its name; unnamed ones cost it nearly twice as much. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export const statement = (name: string, text: string): Statement => ({ name, text });

/**
 * In a statement's FROM: its commit doesn't wait for the disk. Only where a crash of the server may take back what was
 * written, because it can be made again: the row that projects a command, a watermark, a sign of life.
 */
export const withoutWaitForDisk = "set_config('synchronous_commit', 'off', true)";

/** Runs it and returns the rows. `R` is what the statement selects; the two stand side by side in one file. */
export async function run<R>(on: Queryable, { name, text }: Statement, values: readonly unknown[]): Promise<R[]> {
  const result = await on.query({ name, text, values: values as unknown[] });
  return result.rows as R[];
}
