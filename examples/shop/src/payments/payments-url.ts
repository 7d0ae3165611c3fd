import { z } from "zod";

const paymentsUrlSchema = z.url({ protocol: /^https?$/ });
const defaultUrl = "http://127.0.0.1:4010/";

/** Instead of a service: every payment is taken at once, within the process. To measure what isn't the service's time. */
export const stubUrl = "stub:";

/** Where the payment service is, `SHOP_PAYMENTS_URL`; with a slash at its end, so that paths are below it, or `stub:`. */
export function readPaymentsUrl(env: Readonly<Record<string, string | undefined>>): string {
  if (env["SHOP_PAYMENTS_URL"] === stubUrl) return stubUrl;
  const given = paymentsUrlSchema.safeParse(env["SHOP_PAYMENTS_URL"] ?? defaultUrl);
  if (!given.success) throw new TypeError("SHOP_PAYMENTS_URL must be an http or https URL, like http://127.0.0.1:4010");
  return given.data.endsWith("/") ? given.data : `${given.data}/`;
}
