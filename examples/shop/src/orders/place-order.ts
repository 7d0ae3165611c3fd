import { defineOperation } from "@postback/operations";
import { shopEvents } from "../events.ts";
import { charge, paymentRefusals, paymentSecrets, refund } from "../payments/payment-calls.ts";
import { returnStock } from "../stock/return-stock.ts";
import { takeStock } from "../stock/take-stock.ts";
import { confirmOrder } from "./confirm-order.ts";
import { placeOrderSchema } from "./order-input.ts";
import { recordOrder } from "./record-order.ts";

/**
 * Places an order: stock, then payment, then the order itself. Whichever step says no, what was done before it is undone,
 * and `order.rejected` is told once.
 */
export const placeOrder = (paymentsUrl: string) =>
  defineOperation({
    type: "order.place",
    revision: 1,
    input: placeOrderSchema,
    entity: { type: "order", id: ({ orderId }) => orderId },
    events: shopEvents,
    example: {
      orderId: "order-1",
      customerId: "customer-1",
      items: [{ sku: "sku-1", quantity: 2 }],
      currency: "EUR",
      amount: 4200,
      paymentToken: "tok_ok",
    },
  })
    .transaction("reserve-stock", {
      run: async ({ sql, operation, input }) => {
        // Sent together: one round trip. If either refuses, the transaction takes back both.
        await Promise.all([
          recordOrder(sql, operation, input, "reserved"),
          takeStock(sql, operation.tenantId, input.orderId, input.items),
        ]);
      },
      compensate: async ({ sql, operation: { tenantId }, input: { orderId } }) => {
        await returnStock(sql, tenantId, orderId);
        await sql`update shop.orders set status = 'rejected' where tenant_id = ${tenantId} and order_id = ${orderId}`;
      },
    })
    .http("charge-payment", {
      queue: "payments",
      refusals: paymentRefusals,
      secrets: paymentSecrets,
      run: ({ http, secrets, input: { amount, currency, paymentToken, orderId } }) =>
        charge({ http, secrets }, paymentsUrl, { amount, currency, token: paymentToken, reference: orderId }),
      // By the key of the charge, not by its id: after a timeout there is no id, but there may be a charge.
      compensate: async ({ http, secrets, runIdempotencyKey }) => {
        await refund({ http, secrets }, paymentsUrl, runIdempotencyKey);
      },
    })
    .transaction("confirm-order", {
      run: async ({ sql, operation: { tenantId }, input, outputs, emit }) => {
        const { orderId, customerId, currency, amount } = input;
        await confirmOrder(sql, tenantId, orderId, customerId);
        emit("order.placed", { orderId, customerId, currency, amount, paymentId: outputs["charge-payment"].paymentId });
      },
    })
    .result((outputs, { orderId }) => ({ orderId, paymentId: outputs["charge-payment"].paymentId }))
    .failed(({ input: { orderId, customerId }, error: { code, message }, emit }) => {
      // The order that has this id is another one, and it isn't rejected.
      if (code === "order-exists") return;
      emit("order.rejected", { orderId, customerId, reason: { code, message } });
    });
