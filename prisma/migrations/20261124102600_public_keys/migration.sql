-- Which scheme signs an endpoint's webhooks: v1 (HMAC-SHA256) or v1a (ed25519). Of the newest secret; while it is
-- rotated, secrets of both may sign.
ALTER TABLE endpoints ADD COLUMN signature text NOT NULL DEFAULT 'v1';

-- The 32 bytes of a v1a secret's public key, in clear: the key set of a tenant is read without opening a secret.
ALTER TABLE endpoint_secrets ADD COLUMN public_key bytea;

-- The key set of a tenant; and what upkeep takes away. Both are few among the secrets.
CREATE INDEX endpoint_secrets_public_idx ON endpoint_secrets (tenant_id, endpoint_id, version) WHERE public_key IS NOT NULL;
CREATE INDEX endpoint_secrets_expires_idx ON endpoint_secrets (expires_at) WHERE expires_at IS NOT NULL;
