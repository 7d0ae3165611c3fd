/**
 * Waits for a handler's work while the membership is kept alive. In the handler's own loop, not on a timer of its own, because a
 * heartbeat's error (the group rebalances) must reach kafkajs through the handler.
 * @param work must not reject
 * @returns false when `ended` was aborted first: the work goes on, unwaited for
 * @throws what `heartbeat` throws
 */
export async function whileHeartbeating(
  work: Promise<void>,
  heartbeat: () => Promise<void>,
  intervalMs: number,
  ended: AbortSignal,
): Promise<boolean> {
  let settled = false;
  const finished = work.then(() => {
    settled = true;
  });
  while (!settled) {
    await firstOf(finished, intervalMs, ended);
    if (settled) return true;
    if (ended.aborted) return false;
    await heartbeat();
  }
  return true;
}

function firstOf(finished: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
    void finished.then(wake);
  });
}
