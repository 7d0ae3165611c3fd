import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseSubnet, type Subnet } from "@postback/domain";
import { createAgentPool } from "./agent-pool.ts";
import { createLookUp } from "./look-up-addresses.ts";
import { type AttemptResult, postWebhook } from "./post-webhook.ts";
import { createResolveHost } from "./resolve-host.ts";

/** What the process is to send: to each URL once, all at once. */
export type SendingOrder = {
  readonly dnsServer: string;
  /** Sent to first, so that what a first request costs counts for none of the others. */
  readonly warmUpUrl: string;
  readonly targets: readonly { readonly id: string; readonly url: string; readonly timeoutMs: number }[];
  readonly body: string;
};

/** What came of it, in the order of the targets. */
export type SendingReport = {
  readonly results: readonly AttemptResult[];
  /** Resident memory, bytes: before, at the highest while all were out, and after. */
  readonly memory: { readonly beforeBytes: number; readonly peakBytes: number; readonly afterBytes: number };
  /** The longest that the process did not come round to its timers: a busy machine's doing, and no receiver's. */
  readonly loopDelayMaxMs: number;
  /** What still kept the process busy after the last attempt had ended, by Node's own account. */
  readonly stillOpen: readonly string[];
};

const WARM_UP_REQUESTS = 200;
const SAMPLE_EVERY_MS = 10;
/** Closing what a test has cut off takes the kernel a moment. */
const SETTLE_MS = 300;
const NANOSECONDS_PER_MS = 1e6;

const rss = () => process.memoryUsage.rss();

async function sendAll({ dnsServer, warmUpUrl, targets, body }: SendingOrder): Promise<SendingReport> {
  const allowedSubnets = ["127.0.0.1"].map(parseSubnet).filter((subnet): subnet is Subnet => subnet !== undefined);
  const resolveHost = createResolveHost({ allowedSubnets, lookUp: createLookUp([dnsServer]) });
  const agents = createAgentPool({ allowHttp: true, allowedSubnets, resolveHost });
  const bytes = Buffer.from(body);
  const send = (id: string, url: string, timeoutMs: number) =>
    postWebhook({
      agents,
      endpoint: { id, url, timeoutMs, concurrency: 1 },
      headers: { "webhook-id": id },
      body: bytes,
    });
  for (let i = 0; i < WARM_UP_REQUESTS; i++) await send("warm-up", warmUpUrl, 5000);
  globalThis.gc?.();
  const beforeBytes = rss();
  let peakBytes = beforeBytes;
  const loopDelay = monitorEventLoopDelay({ resolution: SAMPLE_EVERY_MS });
  loopDelay.enable();
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, rss());
  }, SAMPLE_EVERY_MS);
  const results = await Promise.all(targets.map(({ id, url, timeoutMs }) => send(id, url, timeoutMs)));
  clearInterval(sampling);
  loopDelay.disable();
  await agents.close();
  await sleep(SETTLE_MS);
  globalThis.gc?.();
  const stillOpen = process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP"));
  return {
    results,
    memory: { beforeBytes, peakBytes, afterBytes: rss() },
    loopDelayMaxMs: loopDelay.max / NANOSECONDS_PER_MS,
    stillOpen,
  };
}

process.once("message", async (order: SendingOrder) => {
  process.send?.(await sendAll(order), () => process.disconnect?.());
});
