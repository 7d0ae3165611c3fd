import { UsageError } from "./command.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `2026-11-24T09:30:00Z`, or so long ago: `90s`, `15m`, `2h`, `3d`; as the API takes it.
 * @throws {UsageError}
 */
export function parseTime(text: string, option: string, now: Date): string {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : now.getTime() - Number(count) * (unitsMs[unit] ?? 0);
  if (Number.isNaN(at))
    throw new UsageError(`--${option} is a time like 2026-11-24T09:30:00Z, or 15m, 2h, 3d, not "${text}".`);
  return new Date(at).toISOString();
}
