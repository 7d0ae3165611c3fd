import { z } from "zod";
import { amountSchema, currencySchema } from "./orders/money.ts";

const orderPlaced = z.object({
  orderId: z.string(),
  customerId: z.string(),
  currency: currencySchema,
  amount: amountSchema,
  paymentId: z.string(),
});

/** Told once an order that could not be placed has been undone, whichever step said no. */
const orderRejected = z.object({
  orderId: z.string(),
  customerId: z.string(),
  reason: z.object({ code: z.string(), message: z.string() }),
});

const orderCancelled = z.object({ orderId: z.string(), refundId: z.string(), reason: z.string().optional() });

export const shopEvents = {
  "order.placed": orderPlaced,
  "order.rejected": orderRejected,
  "order.cancelled": orderCancelled,
} as const;
