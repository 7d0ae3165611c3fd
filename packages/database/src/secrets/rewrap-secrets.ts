import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import type { Keyring } from "./keyring.ts";
import { openSecret, type SealedSecret, type SecretPlace, sealSecret } from "./seal-secret.ts";

interface SealedRow extends SealedSecret, SecretPlace {}

/** One batch: how many were sealed anew, what could not be opened and why, and where the next batch begins. */
export interface RewrappedBatch {
  rewrapped: number;
  failed: readonly { place: SecretPlace; reason: string }[];
  /** None: that was the last. */
  next: SecretPlace | undefined;
}

const select = statement(
  "select_secrets_to_rewrap",
  `SELECT tenant_id AS "tenantId", endpoint_id AS "endpointId", version, key_id AS "keyId", nonce, ciphertext
   FROM endpoint_secrets
   WHERE key_id <> $1 AND (tenant_id, endpoint_id, version) > ($2, $3, $4)
   ORDER BY tenant_id, endpoint_id, version LIMIT $5`,
);
// Only what is still as it was read: another that re-wraps may have been quicker.
const save = statement(
  "save_rewrapped_secrets",
  `WITH fresh AS (
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bytea[], $5::bytea[], $6::bytea[])
       AS f (tenant_id, endpoint_id, version, old_nonce, nonce, ciphertext)),
   saved AS (
     UPDATE endpoint_secrets s SET key_id = $7, nonce = f.nonce, ciphertext = f.ciphertext FROM fresh f
     WHERE s.tenant_id = f.tenant_id AND s.endpoint_id = f.endpoint_id AND s.version = f.version
       AND s.nonce = f.old_nonce RETURNING 1)
   SELECT count(*)::int AS count FROM saved`,
);

const nil = "00000000-0000-0000-0000-000000000000";
const start: SecretPlace = { tenantId: nil, endpointId: nil, version: 0 };

/**
 * Seals a batch of secrets anew with the newest key of the keyring. What they are doesn't change, so apps go on: each that
 * reads a secret afterwards needs that key. It can be ended at any time and begun again.
 * @param after the place where the batch before ended; left out at the beginning
 */
export async function rewrapSecrets(
  db: Database,
  keyring: Keyring,
  { after = start, batchMax }: { after?: SecretPlace | undefined; batchMax: number },
): Promise<RewrappedBatch> {
  const values = [keyring.newest, after.tenantId, after.endpointId, after.version, batchMax];
  const rows = await run<SealedRow>(db.pool, select, values);
  const tried = rows.map((row) => sealAnew(keyring, row));
  const fresh = tried.filter((each) => "sealed" in each);
  const failed = tried.filter((each) => "reason" in each).map(({ row, reason }) => ({ place: placeOf(row), reason }));
  const rewrapped = fresh.length === 0 ? 0 : await saveAll(db, keyring, fresh);
  const last = rows.at(-1);
  return { rewrapped, failed, next: last && rows.length === batchMax ? placeOf(last) : undefined };
}

type Tried = { row: SealedRow; sealed: SealedSecret } | { row: SealedRow; reason: string };

/** A row that doesn't open is told of; it must not keep the others from being sealed anew. */
function sealAnew(keyring: Keyring, row: SealedRow): Tried {
  try {
    return { row, sealed: sealSecret(keyring, openSecret(keyring, row, row), row) };
  } catch (error) {
    return { row, reason: (error as Error).message };
  }
}

async function saveAll(
  db: Database,
  { newest }: Keyring,
  fresh: readonly { row: SealedRow; sealed: SealedSecret }[],
): Promise<number> {
  const [saved] = await run<{ count: number }>(db.pool, save, [
    fresh.map(({ row }) => row.tenantId),
    fresh.map(({ row }) => row.endpointId),
    fresh.map(({ row }) => row.version),
    fresh.map(({ row }) => row.nonce),
    fresh.map(({ sealed }) => sealed.nonce),
    fresh.map(({ sealed }) => sealed.ciphertext),
    newest,
  ]);
  return saved?.count ?? 0;
}

const placeOf = ({ tenantId, endpointId, version }: SecretPlace): SecretPlace => ({ tenantId, endpointId, version });
