export type Say = (text: string) => void;

/** Prints lines with the time since the beginning: `  1.9 s  Kafka is ready`. */
export function sayWithTimes(startedAtMs = performance.now()): Say {
  return (text) => console.log(`${seconds(performance.now() - startedAtMs).padStart(8)}  ${text}`);
}

/** `0.12 s` */
export const seconds = (durationMs: number): string => `${(durationMs / 1000).toFixed(durationMs < 10_000 ? 2 : 1)} s`;
