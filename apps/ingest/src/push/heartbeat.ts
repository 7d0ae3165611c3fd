import { heartbeatEveryMs } from "./event-sink.ts";

/**
 * Calls `beat` each {@link heartbeatEveryMs}, and the first time after a part of that: thousands of streams that were opened
 * together, as after a restart, would beat together for good, and hold up what else there is to do.
 * @param share of the time, from 0 to 1: a die
 * @returns what ends it
 */
export function startHeartbeat(beat: () => void, share = Math.random()): () => void {
  let beating: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    beating = setInterval(beat, heartbeatEveryMs);
    beat();
  }, share * heartbeatEveryMs);
  return () => {
    clearTimeout(first);
    clearInterval(beating);
  };
}
