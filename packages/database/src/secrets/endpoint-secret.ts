import type { SealedSecret } from "./seal-secret.ts";

/** v1: HMAC-SHA256 with a shared secret. v1a: ed25519. */
export type SecretAlgorithm = "v1" | "v1a";

/** A new secret of an endpoint. */
export interface NewEndpointSecret extends SealedSecret {
  algorithm: SecretAlgorithm;
  /** The 32 bytes of a v1a secret's public key. */
  publicKey?: Buffer;
}

/** A secret of an endpoint that signs. */
export interface EndpointSecretRow extends SealedSecret {
  version: number;
  algorithm: SecretAlgorithm;
  createdAt: Date;
  /** None of the newest: it signs until it is rotated. */
  expiresAt: Date | null;
}
