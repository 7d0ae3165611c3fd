import { z } from "zod";

const paymentsUrlSchema = z.url({ protocol: /^https?$/ });
const defaultUrl = "http://127.0.0.1:4010/";

/** Where the payment service is, `SHOP_PAYMENTS_URL`; with a slash at its end, so that paths are below it. */
export function readPaymentsUrl(env: Readonly<Record<string, string | undefined>>): string {
  const given = paymentsUrlSchema.safeParse(env["SHOP_PAYMENTS_URL"] ?? defaultUrl);
  if (!given.success) throw new TypeError("SHOP_PAYMENTS_URL must be an http or https URL, like http://127.0.0.1:4010");
  return given.data.endsWith("/") ? given.data : `${given.data}/`;
}
