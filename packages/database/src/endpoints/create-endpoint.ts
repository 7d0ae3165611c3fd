import type { Database } from "../open-database.ts";
import type { SealedSecret } from "../secrets/seal-secret.ts";
import { endpointData } from "./endpoint-data.ts";
import type { ChangedEndpoint, EndpointSettings } from "./endpoint-row.ts";

export interface NewEndpoint extends EndpointSettings {
  id: string;
  url: string;
  events: string[];
  /** Whose it is; null: the tenant's own. */
  partnerId?: string | null;
  secret: SealedSecret;
}

const bytes = (buffer: Buffer) => new Uint8Array(buffer);

/** Makes the endpoint, its first secret and its lane together. The row's trigger gives the version (0 is replaced). */
export async function createEndpoint(db: Database, tenantId: string, row: NewEndpoint): Promise<ChangedEndpoint> {
  const { id, url, events, secret, ...settings } = row;
  const { keyId, nonce, ciphertext } = secret;
  const endpoint = await db.prisma.endpoint.create({
    data: {
      ...endpointData(settings),
      id,
      url,
      events,
      version: 0n,
      tenantId,
      secrets: { create: { version: 1, keyId, nonce: bytes(nonce), ciphertext: bytes(ciphertext) } },
      lane: { create: {} },
    },
  });
  return { endpoint, subscriptionVersion: endpoint.version };
}
