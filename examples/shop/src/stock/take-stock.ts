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

/** In the order of their skus, so two orders never deadlock; sent together, since none waits for another's answer. */
async function takeWhatIsThere(
  sql: Sql,
  tenantId: string,
  orderId: string,
  wanted: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const inOrder = [...wanted].sort(([one], [other]) => (one < other ? -1 : 1));
  const taking = inOrder.map(async ([sku, quantity]) => {
    const isTaken = await takeOne(sql, tenantId, orderId, sku, quantity);
    return isTaken ? [] : [[sku, quantity] as const];
  });
  return new Map((await Promise.all(taking)).flat());
}

/** One statement checks, takes and reserves; false where there is too little. */
async function takeOne(sql: Sql, tenantId: string, orderId: string, sku: string, quantity: number): Promise<boolean> {
  const taken = await sql`
    with taken as (
      update shop.stock set quantity = quantity - ${quantity}
      where tenant_id = ${tenantId} and sku = ${sku} and quantity >= ${quantity}
      returning sku
    )
    insert into shop.reservations (tenant_id, order_id, sku, quantity)
    select ${tenantId}, ${orderId}, sku, ${quantity} from taken
    returning sku`;
  return taken.length > 0;
}

/** A tenant's stock of a sku begins with the shop's starting stock, when it is first asked for. */
async function openStock(sql: Sql, tenantId: string, skus: readonly string[]): Promise<void> {
  await sql`
    insert into shop.stock (tenant_id, sku, quantity)
    select ${tenantId}, sku, quantity from shop.starting_stock where sku = any(${skus}::text[]) order by sku
    on conflict do nothing`;
}
