import { defineOperation } from "@postback/operations";
import { shopEvents } from "../events.ts";
import { charge, paymentRefusals, paymentSecrets, refund } from "../payments/payment-calls.ts";
import { returnStock } from "../stock/return-stock.ts";
import { takeStock } from "../stock/take-stock.ts";
import { confirmOrder } from "./confirm-order.ts";
import { placeOrderSchema } from "./order-input.ts";
import { recordOrder } from "./record-order.ts";

/**
 * Places an order whose record is there when the caller is answered: the first step is done before the 201, the others
 * follow as those of `order.place`. If one of them says no, the record is undone too.
 */
export const checkoutOrder = (paymentsUrl: string) =>
  defineOperation({
    type: "order.checkout",
    revision: 1,
    input: placeOrderSchema,
    entity: { type: "order", id: ({ orderId }) => orderId },
    events: shopEvents,
    example: {
      orderId: "order-2",
      customerId: "customer-1",
      items: [{ sku: "sku-1", quantity: 2 }],
      currency: "EUR",
      amount: 4200,
      paymentToken: "tok_ok",
    },
  })
    .transaction("record-order", {
      sync: true,
      run: ({ sql, operation, input }) => recordOrder(sql, operation, input, "recorded"),
      compensate: async ({ sql, operation: { tenantId }, input: { orderId } }) => {
        await sql`update shop.orders set status = 'rejected' where tenant_id = ${tenantId} and order_id = ${orderId}`;
      },
    })
    .transaction("reserve-stock", {
      run: async ({ sql, operation: { tenantId }, input: { orderId, items } }) => {
        await takeStock(sql, tenantId, orderId, items);
        await sql`update shop.orders set status = 'reserved' where tenant_id = ${tenantId} and order_id = ${orderId}`;
      },
      compensate: async ({ sql, operation: { tenantId }, input: { orderId } }) => {
        await returnStock(sql, tenantId, orderId);
      },
    })
    .http("charge-payment", {
      queue: "payments",
      refusals: paymentRefusals,
      secrets: paymentSecrets,
      run: ({ http, secrets, input: { amount, currency, paymentToken, orderId } }) =>
        charge({ http, secrets }, paymentsUrl, { amount, currency, token: paymentToken, reference: orderId }),
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
      emit("order.rejected", { orderId, customerId, reason: { code, message } });
    });
