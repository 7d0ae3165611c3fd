-- When each step was at work, by the server's own clock. Rows of a step that was rolled back are gone with it.
create table spans (
  entity_id text not null,
  operation_id uuid not null,
  step text not null,
  began_at timestamptz not null,
  ended_at timestamptz not null
);
