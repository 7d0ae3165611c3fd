import { defineOperation, refuse } from "@postback/operations";
import { shopEvents } from "../events.ts";
import { paymentRefusals, paymentSecrets, refund } from "../payments/payment-calls.ts";
import { returnStock } from "../stock/return-stock.ts";
import { cancelOrderSchema } from "./order-input.ts";

/** Cancels a placed order: gives the money back, then puts the stock back. */
export const cancelOrder = (paymentsUrl: string) =>
  defineOperation({
    type: "order.cancel",
    revision: 1,
    input: cancelOrderSchema,
    entity: { type: "order", id: ({ orderId }) => orderId },
    events: { "order.cancelled": shopEvents["order.cancelled"] },
    example: { orderId: "order-1", reason: "changed my mind" },
  })
    .transaction("begin-cancellation", {
      run: async ({ sql, operation: { tenantId }, input: { orderId } }) => {
        const [order] = await sql<{ operation_id: string }>`
          update shop.orders set status = 'cancelling'
          where tenant_id = ${tenantId} and order_id = ${orderId} and status = 'placed'
          returning operation_id`;
        if (order === undefined) throw refuse("order-not-placed", `There is no placed order ${orderId}`);
        return { chargeKey: `${order.operation_id}:charge-payment` };
      },
      compensate: async ({ sql, operation: { tenantId }, input: { orderId } }) => {
        await sql`
          update shop.orders set status = 'placed'
          where tenant_id = ${tenantId} and order_id = ${orderId} and status = 'cancelling'`;
      },
    })
    .http("refund-payment", {
      refusals: paymentRefusals,
      irreversible: "a refund can't be charged again without the customer",
      secrets: paymentSecrets,
      run: ({ http, secrets, outputs }) =>
        refund({ http, secrets }, paymentsUrl, outputs["begin-cancellation"].chargeKey),
    })
    .transaction("return-stock", {
      run: async ({ sql, operation: { tenantId }, input: { orderId, reason }, outputs, emit }) => {
        await returnStock(sql, tenantId, orderId);
        await sql`update shop.orders set status = 'cancelled' where tenant_id = ${tenantId} and order_id = ${orderId}`;
        emit("order.cancelled", { orderId, refundId: outputs["refund-payment"].refundId, reason });
      },
    })
    .result((outputs, { orderId }) => ({ orderId, refundId: outputs["refund-payment"].refundId }));
