import { join } from "node:path";
import { freePort, startGuarded, waitUntilReady } from "@postback/embedded";
import { folders } from "./folders.ts";

const readyTimeoutMs = 30_000;
const stopGraceMs = 1_000;

export interface Payments extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** The shop's payment service as a process of its own, answering at once. @throws StartFailure with the end of its log */
export async function startPayments(logFolder: string): Promise<Payments> {
  const port = await freePort();
  const program = startGuarded({
    command: process.execPath,
    args: [join(folders.checkout, "examples", "shop", "src", "payments", "main.ts")],
    logFile: join(logFolder, "payments.log"),
    stopSignal: "SIGTERM",
    env: { ...process.env, SHOP_PAYMENTS_PORT: String(port), SHOP_PAYMENTS_LATENCY_MS: "0" },
  });
  await waitUntilReady("The payment service", program, "payments.ready", readyTimeoutMs);
  return {
    url: `http://127.0.0.1:${port}/`,
    pid: program.pid,
    [Symbol.asyncDispose]: () => program.stop(stopGraceMs),
  };
}
