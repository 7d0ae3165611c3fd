export type Interruption = "step-timeout" | "interrupted";

export type Ended =
  | { readonly kind: "gave"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  /** `abandoned`: the work had not settled when its time was over. */
  | { readonly kind: "interrupted"; readonly by: Interruption; readonly abandoned: boolean };

/** How long the work has, after its signal was aborted, to settle by itself before it counts as abandoned. */
const settleMaxMs = 100;

/** One for all, since making one costs more than all else here. */
const workEnded = new DOMException("The step has ended", "AbortError");

/**
 * Does the work until it settles, its time is over, or `outer` is aborted; never throws, never waits much longer.
 * The work's signal is aborted in any case once it has ended.
 */
export async function underDeadline(
  outer: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Ended> {
  if (outer.aborted) return { kind: "interrupted", by: "interrupted", abandoned: false };
  const inner = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Ended | Interruption>();
  const interrupt = (by: Interruption) => {
    resolve(by);
    inner.abort(new DOMException(by, by === "step-timeout" ? "TimeoutError" : "AbortError"));
  };
  const onAbort = () => interrupt("interrupted");
  const timer = setTimeout(interrupt, timeoutMs, "step-timeout");
  outer.addEventListener("abort", onAbort, { once: true });
  try {
    const working = settle(work, inner.signal);
    void working.then(resolve);
    const first = await promise;
    if (typeof first !== "string") return first;
    return { kind: "interrupted", by: first, abandoned: !(await settlesSoon(working)) };
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", onAbort);
    // What the work left behind unawaited must not go on, on a client that is somebody else's by then.
    inner.abort(workEnded);
  }
}

/** Never rejects. */
async function settle(work: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<Ended> {
  try {
    return { kind: "gave", value: await work(signal) };
  } catch (error) {
    return { kind: "threw", error };
  }
}

async function settlesSoon(working: Promise<Ended>): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(late.resolve, settleMaxMs, false);
  const settled = await Promise.race([working.then(() => true), late.promise]);
  clearTimeout(timer);
  return settled;
}
