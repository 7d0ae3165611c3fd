import { refuse, type Sql } from "@postback/operations";

/** Makes the order a placed one, unless its customer is blocked. */
export async function confirmOrder(sql: Sql, tenantId: string, orderId: string, customerId: string): Promise<void> {
  const [placed] = await sql`
    update shop.orders set status = 'placed'
    where tenant_id = ${tenantId} and order_id = ${orderId}
      and not exists (select from shop.block_list where customer_id = ${customerId})
    returning order_id`;
  if (placed === undefined) throw refuse("customer-blocked", "The shop takes no orders of this customer");
}
