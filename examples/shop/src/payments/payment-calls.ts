import type { StatusMeaning, StepHttp } from "@postback/operations";
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

/** What the service's refusals mean, of charges (402) and of refunds (403). */
export const paymentRefusals: Readonly<Record<number, StatusMeaning>> = {
  402: { code: "card-declined", message: "The card was declined" },
  403: { code: "refund-refused", message: "The payment service refuses the refund" },
};

/** Charges the card, once however often it is called: the step's Idempotency-Key goes with it. */
export async function charge(http: StepHttp, paymentsUrl: string, json: Charge): Promise<{ paymentId: string }> {
  if (paymentsUrl === stubUrl) return { paymentId: `ch_${json.reference}` };
  const answer = await http.post(new URL("charges", paymentsUrl), { json }).json();
  return { paymentId: chargeAnswer.parse(answer).id };
}

/** Refunds the charge made under `chargeKey`. If there is none (yet), the service makes sure that there never will be. */
export async function refund(http: StepHttp, paymentsUrl: string, chargeKey: string): Promise<{ refundId: string }> {
  if (paymentsUrl === stubUrl) return { refundId: `re_${chargeKey}` };
  const answer = await http.post(new URL("refunds", paymentsUrl), { json: { chargeKey } }).json();
  return { refundId: refundAnswer.parse(answer).id };
}
