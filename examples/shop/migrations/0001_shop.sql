-- Tables that operations write have the tenant first in their keys: two tenants with the same order id or sku never meet.
-- starting_stock and block_list are the shop's own settings and hold nothing of any tenant.

create table starting_stock (
  sku text primary key,
  quantity integer not null check (quantity >= 0)
);

insert into starting_stock (sku, quantity)
select 'sku-' || n, 1000000 from generate_series(1, 9) as n;

create table block_list (
  customer_id text primary key
);

insert into block_list (customer_id) values ('blocked');

create table stock (
  tenant_id uuid not null,
  sku text not null,
  quantity integer not null check (quantity >= 0),
  primary key (tenant_id, sku)
);

create table orders (
  tenant_id uuid not null,
  order_id text not null,
  customer_id text not null,
  currency text not null,
  amount bigint not null check (amount > 0),
  status text not null check (status in ('recorded', 'reserved', 'placed', 'rejected', 'cancelling', 'cancelled')),
  -- The operation that placed it: its charge is found under this id.
  operation_id uuid not null,
  primary key (tenant_id, order_id)
);

create table reservations (
  tenant_id uuid not null,
  order_id text not null,
  sku text not null,
  quantity integer not null check (quantity > 0),
  primary key (tenant_id, order_id, sku)
);
