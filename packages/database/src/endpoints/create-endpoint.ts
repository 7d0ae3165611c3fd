import type { Database } from "../open-database.ts";
import type { NewEndpointSecret } from "../secrets/endpoint-secret.ts";
import { endpointData } from "./endpoint-data.ts";
import type { ChangedEndpoint, EndpointSettings } from "./endpoint-row.ts";

export interface NewEndpoint extends EndpointSettings {
  id: string;
  url: string;
  events: string[];
  /** Whose it is; null: the tenant's own. */
  partnerId?: string | null;
  secret: NewEndpointSecret;
  /** Its receiver is asked first: until it has agreed the endpoint is disabled, with the reason `unverified`. */
  handshake?: boolean;
}

/** As the row begins whose receiver must agree; a dispatcher takes it at once. */
const unverified = () =>
  ({
    enabled: false,
    disabledReason: "unverified",
    handshakeStatus: "pending",
    handshakeDueAt: new Date(0),
  }) as const;

const bytes = (buffer: Buffer) => new Uint8Array(buffer);

/** Makes the endpoint, its first secret and its lane together. The row's trigger gives the version (0 is replaced). */
export async function createEndpoint(db: Database, tenantId: string, row: NewEndpoint): Promise<ChangedEndpoint> {
  const { id, url, events, secret, handshake, ...settings } = row;
  const { algorithm, keyId, nonce, ciphertext, publicKey } = secret;
  const sealed = { algorithm, keyId, nonce: bytes(nonce), ciphertext: bytes(ciphertext) };
  const endpoint = await db.prisma.endpoint.create({
    data: {
      ...endpointData(settings),
      ...(handshake ? unverified() : {}),
      id,
      url,
      events,
      signature: algorithm,
      version: 0n,
      tenantId,
      secrets: { create: { version: 1, ...sealed, publicKey: publicKey === undefined ? null : bytes(publicKey) } },
      lane: { create: {} },
    },
  });
  return { endpoint, subscriptionVersion: endpoint.version };
}
