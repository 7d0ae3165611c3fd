import type { Metrics } from "./metrics.ts";

/** A reason why not, or undefined when all is well. */
export type Reason = string | undefined;

export interface ReadinessCheck {
  name: string;
  /** Whether its failure takes the process out of service; one that isn't required is only reported. */
  required: boolean;
  /** A throw counts as its message. */
  check(): Reason | Promise<Reason>;
}

export interface HealthOptions {
  /** Liveness is progress (the watchdog's word), not that an event loop turns. */
  live: () => Reason;
  ready: readonly ReadinessCheck[];
  metrics: Metrics;
  /** Time that one readiness check may take, milliseconds; default 2000. */
  checkTimeoutMs?: number;
}

export interface HealthAnswer {
  status: number;
  contentType: string;
  body: string;
}

/** Answers the three paths, for whatever HTTP server carries them; undefined for another path. */
export type Health = (path: string) => Promise<HealthAnswer> | undefined;

export function createHealth({ live, ready, metrics, checkTimeoutMs = 2000 }: HealthOptions): Health {
  const answers: Record<string, () => Promise<HealthAnswer>> = {
    "/livez": async () => liveness(live()),
    "/readyz": () => readiness(ready, checkTimeoutMs),
    "/metrics": async () => ({
      status: 200,
      contentType: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
  };
  return (path) => (Object.hasOwn(answers, path) ? answers[path]?.() : undefined);
}

const json = (status: number, value: unknown): HealthAnswer => ({
  status,
  contentType: "application/json",
  body: JSON.stringify(value),
});

const liveness = (reason: Reason): HealthAnswer =>
  reason === undefined ? json(200, { status: "live" }) : json(503, { status: "not-live", reason });

async function readiness(checks: readonly ReadinessCheck[], timeoutMs: number): Promise<HealthAnswer> {
  const results = await Promise.all(
    checks.map(async (one) => ({ ...one, reason: await reasonWithin(one, timeoutMs) })),
  );
  const isReady = results.every(({ required, reason }) => !required || reason === undefined);
  return json(isReady ? 200 : 503, {
    status: isReady ? "ready" : "not-ready",
    checks: Object.fromEntries(
      results.map(({ name, required, reason }) => [
        name,
        reason === undefined ? { ok: true, required } : { ok: false, required, reason },
      ]),
    ),
  });
}

async function reasonWithin(one: ReadinessCheck, timeoutMs: number): Promise<Reason> {
  const { promise: tooLate, resolve } = Promise.withResolvers<Reason>();
  const timer = setTimeout(resolve, timeoutMs, `no answer within ${timeoutMs} ms`);
  try {
    return await Promise.race([one.check(), tooLate]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
