import { join } from "node:path";
import { freePort, type GuardedProcess, startGuarded, waitUntilReady } from "@postback/embedded";
import { folders } from "./folders.ts";

const readyTimeoutMs = 30_000;
const stopGraceMs = 1_000;

export interface PaymentService extends AsyncDisposable {
  readonly url: string;
  readonly process: GuardedProcess;
  /** @throws StartFailure with the end of its log */
  ready(): Promise<void>;
}

/** Starts the shop's payment service on a free port, as a process of its own, like a provider's would be. */
export async function startPaymentService(): Promise<PaymentService> {
  const port = await freePort();
  const program = startGuarded({
    command: process.execPath,
    args: [join(folders.checkout, "examples", "shop", "src", "payments", "main.ts")],
    logFile: join(folders.logs, "payments.log"),
    stopSignal: "SIGTERM",
    env: { ...process.env, SHOP_PAYMENTS_PORT: String(port) },
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    process: program,
    ready: () => waitUntilReady("The payment service", program, "payments.ready", readyTimeoutMs),
    [Symbol.asyncDispose]: () => program.stop(stopGraceMs),
  };
}
