import type { Database } from "../open-database.ts";
import { run, statement, type TransactionClient } from "../statement.ts";
import { inTransaction } from "../transaction.ts";
import type { NewEndpointSecret, SecretAlgorithm } from "./endpoint-secret.ts";

export interface Rotation {
  tenantId: string;
  endpointId: string;
  /** How long the secrets of before still sign, seconds. */
  overlapSeconds: number;
  /** Secrets that may sign at the same time, the new one included. */
  secretsMax: number;
  /** Default: as before. */
  algorithm?: SecretAlgorithm | undefined;
  /** Makes the new secret and seals it to its place. */
  makeSecret(algorithm: SecretAlgorithm, version: number): NewEndpointSecret;
}

export type RotateOutcome =
  | { kind: "rotated"; version: number; subscriptionVersion: bigint }
  | { kind: "no-endpoint" }
  /** So many sign that one more would be too many; the first of them ends at that time. */
  | { kind: "too-many"; endsAt: Date };

const lock = statement(
  "lock_endpoint_of_secret",
  "SELECT signature FROM endpoints WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE",
);
// Ended ones count for the number: a version is used once, because a secret is sealed to it.
const look = statement(
  "look_at_secrets",
  `SELECT max(version) AS version, count(*) FILTER (WHERE expires_at IS NULL OR expires_at > now())::int AS signing,
     min(expires_at) FILTER (WHERE expires_at > now()) AS "endsAt"
   FROM endpoint_secrets WHERE tenant_id = $1 AND endpoint_id = $2`,
);
const end = statement(
  "end_secrets",
  `UPDATE endpoint_secrets SET expires_at = least(expires_at, now() + make_interval(secs => $3))
   WHERE tenant_id = $1 AND endpoint_id = $2`,
);
const insert = statement(
  "insert_secret",
  `INSERT INTO endpoint_secrets (tenant_id, endpoint_id, version, algorithm, key_id, nonce, ciphertext, public_key)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);
/** The row's trigger gives the version that dispatchers follow, and wakes them. */
const tell = statement(
  "tell_of_secret",
  "UPDATE endpoints SET signature = $3 WHERE tenant_id = $1 AND id = $2 RETURNING version::text AS version",
);

/** Gives an endpoint a new secret that signs from now on, beside those of before until they end. One at a time. */
export function rotateSecret(db: Database, rotation: Rotation): Promise<RotateOutcome> {
  return inTransaction(db, async (client) => {
    const place = [rotation.tenantId, rotation.endpointId];
    const [endpoint] = await run<{ signature: SecretAlgorithm }>(client, lock, place);
    if (endpoint === undefined) return { kind: "no-endpoint" };
    const [now] = await run<{ version: number; signing: number; endsAt: Date | null }>(client, look, place);
    const isFull = (now?.signing ?? 0) >= rotation.secretsMax;
    if (isFull && rotation.overlapSeconds > 0) return { kind: "too-many", endsAt: now?.endsAt ?? new Date() };
    const version = (now?.version ?? 0) + 1;
    const secret = rotation.makeSecret(rotation.algorithm ?? endpoint.signature, version);
    await run(client, end, [...place, rotation.overlapSeconds]);
    return { kind: "rotated", version, subscriptionVersion: await put(client, rotation, version, secret) };
  });
}

async function put(
  client: TransactionClient,
  { tenantId, endpointId }: Rotation,
  version: number,
  { algorithm, keyId, nonce, ciphertext, publicKey }: NewEndpointSecret,
): Promise<bigint> {
  await run(client, insert, [tenantId, endpointId, version, algorithm, keyId, nonce, ciphertext, publicKey ?? null]);
  const [row] = await run<{ version: string }>(client, tell, [tenantId, endpointId, algorithm]);
  if (row === undefined) throw new Error(`endpoint ${endpointId} is gone though its row is locked`);
  return BigInt(row.version);
}
