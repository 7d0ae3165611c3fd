-- A row for each time that a step was done.
create table work (
  n bigint generated always as identity primary key,
  operation_id uuid not null,
  revision integer not null,
  step text not null
);
create index on work (operation_id);
-- While it has a row, parcels that are to be held can't be handed over.
create table closed ();
insert into closed default values;
