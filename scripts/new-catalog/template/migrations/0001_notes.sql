-- The tenant comes first in the key: two tenants with a note of the same name never meet.
create table notes (
  tenant_id uuid not null,
  name text not null,
  text text not null,
  -- The operation that wrote it last.
  operation_id uuid not null,
  primary key (tenant_id, name)
);
