-- An entity whose steps rest while ingest does sync steps of it, ahead of what is queued (whenBusy: "run"). Ingest asks,
-- the owner of the partition grants; the row's end, by the commit of those sync steps or past `expires_at`, ends the pause.
-- Unlogged: a crash of the server takes the rows, and with them every transaction that went by one.
CREATE UNLOGGED TABLE entity_pauses (
  tenant_id   uuid NOT NULL,
  id          uuid NOT NULL,
  partition   integer NOT NULL,
  entity_type text NOT NULL,
  entity_id   text NOT NULL,
  granted     boolean NOT NULL DEFAULT false,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX entity_pauses_partition_idx ON entity_pauses (partition);
