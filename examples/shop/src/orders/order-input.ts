import { z } from "zod";
import { amountSchema, currencySchema } from "./money.ts";

const name = z.string().min(1).max(255);

export const placeOrderSchema = z.strictObject({
  orderId: name.meta({ example: "order-1" }),
  customerId: name.meta({ example: "customer-1" }),
  items: z
    .array(z.strictObject({ sku: name.meta({ example: "sku-1" }), quantity: z.int().min(1).max(10_000) }))
    .min(1)
    .max(100),
  currency: currencySchema,
  amount: amountSchema,
  paymentToken: z
    .string()
    .min(1)
    .max(255)
    .meta({ example: "tok_ok", description: "tok_ok, tok_declined, tok_flaky, tok_slow or tok_refund_fails" }),
});

export const cancelOrderSchema = z.strictObject({
  orderId: name.meta({ example: "order-1" }),
  reason: z.string().max(1_000).optional(),
});
