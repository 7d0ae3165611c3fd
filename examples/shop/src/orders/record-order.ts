import { type OperationRef, refuse, type Sql } from "@postback/operations";
import type { z } from "zod";
import type { placeOrderSchema } from "./order-input.ts";

/** Writes the order. An id can be used again only after its order was rejected. */
export async function recordOrder(
  sql: Sql,
  { id, tenantId }: OperationRef,
  { orderId, customerId, currency, amount }: z.output<typeof placeOrderSchema>,
  status: "recorded" | "reserved",
): Promise<void> {
  const [recorded] = await sql`
    insert into shop.orders as o (tenant_id, order_id, customer_id, currency, amount, status, operation_id)
    values (${tenantId}, ${orderId}, ${customerId}, ${currency}, ${amount}, ${status}, ${id})
    on conflict (tenant_id, order_id) do update
      set customer_id = excluded.customer_id, currency = excluded.currency, amount = excluded.amount,
          status = excluded.status, operation_id = excluded.operation_id
      where o.status = 'rejected'
    returning o.order_id`;
  if (recorded === undefined) throw refuse("order-exists", `There is an order ${orderId} already`);
}
