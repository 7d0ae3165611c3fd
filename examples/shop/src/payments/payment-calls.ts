import type { StatusMeaning, StepHttp, WithSecrets } from "@postback/operations";
import { z } from "zod";
import { stubUrl } from "./payments-url.ts";

const chargeAnswer = z.object({ id: z.string() });
const refundAnswer = z.object({ id: z.string() });

export interface Charge {
  readonly amount: number;
  readonly currency: string;
  readonly token: string;
  readonly reference: string;
}

/** What the service's token is read from; without one, as in development, the service wants none. */
export const paymentSecrets = { paymentsToken: { name: "SHOP_PAYMENTS_TOKEN", optional: true } } as const;

/** Where and how the service is called. */
export interface PaymentCall extends WithSecrets<typeof paymentSecrets> {
  readonly http: StepHttp;
}

/**
 * What the service's refusals mean, of charges (402) and of refunds (403). A wrong token (401) is nothing of the order's: it
 * is tried again.
 */
export const paymentRefusals: Readonly<Record<number, StatusMeaning>> = {
  401: "transient",
  402: { code: "card-declined", message: "The card was declined" },
  403: { code: "refund-refused", message: "The payment service refuses the refund" },
};

/** Charges the card, once however often it is called: the step's Idempotency-Key goes with it. */
export async function charge(
  { http, secrets }: PaymentCall,
  paymentsUrl: string,
  json: Charge,
): Promise<{ paymentId: string }> {
  if (paymentsUrl === stubUrl) return { paymentId: `ch_${json.reference}` };
  const headers = authorization(secrets.paymentsToken);
  const answer = await http.post(new URL("charges", paymentsUrl), { json, headers }).json();
  return { paymentId: chargeAnswer.parse(answer).id };
}

/** Refunds the charge made under `chargeKey`. If there is none (yet), the service makes sure that there never will be. */
export async function refund(
  { http, secrets }: PaymentCall,
  paymentsUrl: string,
  chargeKey: string,
): Promise<{ refundId: string }> {
  if (paymentsUrl === stubUrl) return { refundId: `re_${chargeKey}` };
  const headers = authorization(secrets.paymentsToken);
  const answer = await http.post(new URL("refunds", paymentsUrl), { json: { chargeKey }, headers }).json();
  return { refundId: refundAnswer.parse(answer).id };
}

const authorization = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };
