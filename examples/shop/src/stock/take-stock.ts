import { refuse, type Sql } from "@postback/operations";

export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
}

/** Takes the items from the stock and keeps them for the order, all or none. */
export async function takeStock(
  sql: Sql,
  tenantId: string,
  orderId: string,
  items: readonly OrderItem[],
): Promise<void> {
  const wanted = addUp(items);
  let missing = await takeWhatIsThere(sql, tenantId, orderId, wanted);
  if (missing.size > 0) {
    await openStock(sql, tenantId, [...missing.keys()]);
    // Whoever opened it: an order at the same time may have, and this statement sees what that one committed.
    missing = await takeWhatIsThere(sql, tenantId, orderId, missing);
  }
  // The refusal rolls the transaction back, and with it what was taken.
  if (missing.size > 0) throw refuse("out-of-stock", `Too little stock of ${[...missing.keys()].sort().join(", ")}`);
}

/** A sku that stands on several lines is taken once. */
function addUp(items: readonly OrderItem[]): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const { sku, quantity } of items) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  return wanted;
}

/** One statement checks, takes and reserves. Rows are locked in the order of their skus, so two orders never deadlock. */
async function takeWhatIsThere(
  sql: Sql,
  tenantId: string,
  orderId: string,
  wanted: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const taken = await sql<{ sku: string }>`
    with wanted as (
      select * from unnest(${[...wanted.keys()]}::text[], ${[...wanted.values()]}::integer[]) as w (sku, quantity)
    ), locked as materialized (
      select s.sku from shop.stock s
      where s.tenant_id = ${tenantId} and s.sku in (select sku from wanted)
      order by s.sku for no key update
    ), taken as (
      update shop.stock s set quantity = s.quantity - w.quantity
      from wanted w join locked using (sku)
      where s.tenant_id = ${tenantId} and s.sku = w.sku and s.quantity >= w.quantity
      returning w.sku, w.quantity
    )
    insert into shop.reservations (tenant_id, order_id, sku, quantity)
    select ${tenantId}, ${orderId}, sku, quantity from taken
    returning sku`;
  const left = new Map(wanted);
  for (const { sku } of taken) left.delete(sku);
  return left;
}

/** A tenant's stock of a sku begins with the shop's starting stock, when it is first asked for. */
async function openStock(sql: Sql, tenantId: string, skus: readonly string[]): Promise<void> {
  await sql`
    insert into shop.stock (tenant_id, sku, quantity)
    select ${tenantId}, sku, quantity from shop.starting_stock where sku = any(${skus}::text[]) order by sku
    on conflict do nothing`;
}
