import type { Pool } from "pg";

/**
 * The tables of `onceIn`, for whoever migrates the other database: idempotent, and one simple query, so one transaction.
 * Unqualified: they are made in the first schema of the search_path, and found by that of the pool.
 *
 * A row is written by the first transaction that claims its key, and says what was decided: `done` with what the work gave,
 * `refused` with the refusal, `stopped` by a compensation that came first. `begun` is never seen from outside, unless the
 * work ended the transaction that it was given. `postback_once_pruned` says what has been forgotten.
 */
export const onceSql = `select pg_advisory_xact_lock(hashtextextended('postback_once', 0));
create table if not exists postback_once (
  tenant_id uuid not null,
  -- {operationId}:{step}, of a compensation {operationId}:{step}:compensate
  key text not null,
  state text not null check (state in ('begun', 'done', 'refused', 'stopped')),
  output json,
  at timestamptz not null default now(),
  primary key (tenant_id, key)
);
create index if not exists postback_once_at_idx on postback_once (at);
create table if not exists postback_once_pruned (
  one boolean primary key default true check (one),
  before timestamptz not null
);
`;

/**
 * Makes what `onceIn` writes to, where it isn't there. Call it where that database's own tables are made: it needs the right to
 * create tables, which the pool of a running step needs not have.
 */
export async function prepareOnce(pool: Pick<Pool, "query">): Promise<void> {
  await pool.query(onceSql);
}
