-- The tenant comes first in the key: two tenants with a show of the same name never meet.
create table seats (
  tenant_id uuid not null,
  show text not null,
  seat text not null,
  guest text not null,
  -- The operation that holds it: only that one may give it back.
  operation_id uuid not null,
  ticket_id text,
  primary key (tenant_id, show, seat)
);
