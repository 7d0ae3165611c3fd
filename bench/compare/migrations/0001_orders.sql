create table orders (
  tenant_id uuid not null,
  id text not null,
  -- When the last of its steps was done, by this server's clock; null until then.
  done_at timestamptz,
  primary key (tenant_id, id)
);
