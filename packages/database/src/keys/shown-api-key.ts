import type { Prisma } from "../generated/client.ts";

/** All of a key but the hash of its secret, which nobody has to see. */
export const shownColumns = {
  keyId: true,
  name: true,
  scopes: true,
  partnerId: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
} satisfies Prisma.ApiKeySelect;

export type ShownApiKey = Prisma.ApiKeyGetPayload<{ select: typeof shownColumns }>;
