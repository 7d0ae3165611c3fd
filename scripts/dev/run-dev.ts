import { once } from "node:events";
import { relative } from "node:path";
import { type Stack, startStack } from "../../packages/local-stack/src/index.ts";
import { type Api, apiOf } from "./api.ts";
import { checkDisk } from "./check-disk.ts";
import { type DemoReceiver, startDemoReceiver } from "./demo-receiver.ts";
import { demonstrate } from "./demonstration.ts";
import { writeDevEnv } from "./dev-env-file.ts";
import type { DevOptions } from "./dev-options.ts";
import { explainFailure } from "./explain-failure.ts";
import { folders } from "./folders.ts";
import { keepRunning } from "./keep-running.ts";
import { onCatalogChange } from "./on-change.ts";
import { type PaymentService, startPaymentService } from "./payment-service.ts";
import { type Say, sayWithTimes, seconds } from "./progress.ts";
import { keptReceiver, registerReceiver } from "./receiver-endpoint.ts";
import { whatNext } from "./what-next.ts";

export interface RunDevControl {
  /** Ends it in order. */
  readonly signal: AbortSignal;
  /** Takes what ends it at once. */
  readonly killers: (() => void)[];
}

/** Starts everything, shows the main job, and stays until the signal; resolves when all is stopped. */
export async function runDev(options: DevOptions, { signal, killers }: RunDevControl): Promise<void> {
  const startedAtMs = performance.now();
  const say = sayWithTimes(startedAtMs);
  console.log(`Starting Postback; data and logs are in ${relative(folders.checkout, folders.data)}`);
  checkDisk(folders.data);
  await using opened = new AsyncDisposableStack();
  const receiver = opened.use(await startDemoReceiver(keptReceiver(folders.receiverFile)?.port));
  const payments = opened.use(await startPaymentService());
  killers.push(() => void payments.process.kill());
  const stack = opened.use(await startStack(stackOptions(options, { payments, say, signal })));
  killers.push(() => stack.kill());
  await payments.ready();
  say(`The shop's payment service is ready: ${payments.url}`);
  const api = apiOf(stack);
  await registerReceiver(api, receiver, folders.receiverFile);
  say(`The demo receiver is registered: ${receiver.url}, ${receiver.pageUrl} shows what arrives`);
  writeDevEnv(folders.envFile, stack);
  console.log(`\nPostback is ready at ${stack.url} after ${seconds(performance.now() - startedAtMs)}.`);
  if (options.isDemonstrated) await showMainJob(api, receiver, signal);
  using _ = keepUp(stack, options, signal);
  console.log(whatNext({ ...folders, url: stack.url, receiverPage: receiver.pageUrl }));
  if (!signal.aborted) await once(signal, "abort");
}

function stackOptions(
  { port, kafka, databaseUrl, catalog, partitions, logLevel }: DevOptions,
  { payments, say, signal }: { payments: PaymentService; say: Say; signal: AbortSignal },
) {
  return {
    folder: folders.data,
    profile: "development" as const,
    ...(port !== undefined && { port }),
    ...(kafka && { brokers: { kafka } }),
    ...(databaseUrl && { databaseUrl }),
    catalog,
    partitions,
    logLevel,
    env: { SHOP_PAYMENTS_URL: payments.url },
    onProgress: say,
    signal,
  };
}

/** A demonstration that fails is told; what runs stays up, to be looked at. */
async function showMainJob(api: Api, receiver: DemoReceiver, signal: AbortSignal): Promise<void> {
  try {
    await demonstrate(api, receiver, signal);
  } catch (error) {
    if (signal.aborted) return;
    console.error(`\nThe demonstration stopped: ${explainFailure(error)}\nThe logs are in ${folders.logs}`);
  }
}

/** Runs again what ends by itself, and what has a new catalog to load. */
function keepUp({ apps }: Stack, { catalog }: DevOptions, signal: AbortSignal): Disposable {
  const say: Say = (text) => console.log(`${new Date().toLocaleTimeString("en-GB")}  ${text}`);
  const kept = keepRunning(apps, { say, signal });
  return onCatalogChange(catalog, folders.checkout, async (file) => {
    say(`${relative(folders.checkout, file)} has changed: the apps load it`);
    await kept.restart();
    say("The apps are ready again");
  });
}
