import type { Sql } from "@postback/operations";

/** Puts back what is reserved for the order; nothing when nothing is. In the order of the skus, like the taking. */
export async function returnStock(sql: Sql, tenantId: string, orderId: string): Promise<void> {
  await sql`
    with locked as materialized (
      select s.sku from shop.stock s join shop.reservations r using (tenant_id, sku)
      where r.tenant_id = ${tenantId} and r.order_id = ${orderId}
      order by s.sku for no key update of s
    ), released as (
      delete from shop.reservations where tenant_id = ${tenantId} and order_id = ${orderId} returning sku, quantity
    )
    update shop.stock s set quantity = s.quantity + r.quantity
    from released r join locked using (sku)
    where s.tenant_id = ${tenantId} and s.sku = r.sku`;
}
