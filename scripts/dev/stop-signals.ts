/**
 * One Ctrl-C comes more than once: from the terminal, from npm, which passes it on, and from scripts/start.mjs. What
 * comes within this time of the first is the same key press.
 */
const samePressMs = 300;

/** Calls `first` at the first signal to end, and `second` at any that comes later than the same key press. */
export function onStopSignals({ first, second }: { first: () => void; second: () => void }): void {
  let firstAtMs: number | undefined;
  const onSignal = () => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      first();
    } else if (performance.now() - firstAtMs > samePressMs) {
      second();
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  // The process that started this one is gone, however it ended: nobody would stop this one.
  process.once("disconnect", () => {
    if (firstAtMs === undefined) onSignal();
  });
}
