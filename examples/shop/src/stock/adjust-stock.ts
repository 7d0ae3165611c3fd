import { defineOperation, refuse } from "@postback/operations";
import { z } from "zod";

const adjustStockSchema = z.strictObject({
  sku: z.string().min(1).max(255).meta({ example: "sku-1" }),
  delta: z
    .int()
    .min(-1_000_000_000)
    .max(1_000_000_000)
    .meta({ description: "Added to the stock; negative takes away" }),
});

/** Changes the stock of a sku; an unknown one is made. */
export const adjustStock = defineOperation({
  type: "stock.adjust",
  revision: 1,
  input: adjustStockSchema,
  entity: { type: "sku", id: ({ sku }) => sku },
  example: { sku: "sku-1", delta: 100 },
})
  .transaction("adjust-stock", {
    run: async ({ sql, operation: { tenantId }, input: { sku, delta } }) => {
      await sql`
        insert into shop.stock (tenant_id, sku, quantity)
        values (${tenantId}, ${sku}, coalesce((select quantity from shop.starting_stock where sku = ${sku}), 0))
        on conflict do nothing`;
      const [changed] = await sql<{ quantity: number }>`
        update shop.stock set quantity = quantity + ${delta}::integer
        where tenant_id = ${tenantId} and sku = ${sku}
          and quantity::bigint + ${delta}::integer between 0 and 2147483647
        returning quantity`;
      if (changed === undefined)
        throw refuse("stock-out-of-range", `The stock of ${sku} would be negative or too large`);
      return { quantity: changed.quantity };
    },
  })
  .result((outputs, { sku }) => ({ sku, quantity: outputs["adjust-stock"].quantity }));
