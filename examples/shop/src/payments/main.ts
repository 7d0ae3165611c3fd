import { z } from "zod";
import { startPaymentService } from "./payment-service.ts";

const environment = z.object({
  SHOP_PAYMENTS_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  SHOP_PAYMENTS_HOST: z.string().min(1).default("127.0.0.1"),
  SHOP_PAYMENTS_LATENCY_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  SHOP_PAYMENTS_TOKEN: z.string().optional(),
});

const parsed = environment.safeParse(process.env);
if (!parsed.success) {
  console.error(z.prettifyError(parsed.error));
  process.exit(1);
}
const { SHOP_PAYMENTS_PORT: port, SHOP_PAYMENTS_HOST: host, SHOP_PAYMENTS_LATENCY_MS: latencyMs } = parsed.data;
const { SHOP_PAYMENTS_TOKEN: token = "" } = parsed.data;
const service = await startPaymentService({ port, host, latencyMs, ...(token === "" ? {} : { token }) });
console.log(JSON.stringify({ msg: "payments.ready", url: service.url }));

const stop = () => void service.close();
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
