CREATE TABLE received_webhooks (
  key text PRIMARY KEY,
  at  timestamptz NOT NULL DEFAULT now()
);
