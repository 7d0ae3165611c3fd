/** Delays in seconds; entry n-1 is the wait after attempt n. Without entries there is one attempt. */
export type RetrySchedule = readonly number[];

export const RETRY_SCHEDULE_MAX_ENTRIES = 20;
export const RETRY_DELAY_MIN_SECONDS = 1;
export const RETRY_DELAY_MAX_SECONDS = 24 * 3600;

const JITTER = 0.2;
const RETRY_AFTER_MAX_MS = 24 * 3600 * 1000;

/** Ten attempts. Each delay counts from the end of the attempt before, and is spread by ±20 %. */
export const DEFAULT_RETRY_SCHEDULE: RetrySchedule = [
  //               before attempt   since the first
  5, //            2                5 s
  5 * 60, //       3                5 min 5 s
  30 * 60, //      4                35 min 5 s
  2 * 3600, //     5                2 h 35 min 5 s
  5 * 3600, //     6                7 h 35 min 5 s
  10 * 3600, //    7                17 h 35 min 5 s
  14 * 3600, //    8                31 h 35 min 5 s
  20 * 3600, //    9                51 h 35 min 5 s
  24 * 3600, //    10               75 h 35 min 5 s
];

/**
 * How long to wait after an attempt that failed.
 * @param attemptJustEnded its number, from 1
 * @param dice in [0, 1); 0.5 gives the schedule's own delay
 * @returns milliseconds, or undefined when that attempt was the last
 */
export function delayBeforeAttempt(
  schedule: RetrySchedule,
  attemptJustEnded: number,
  dice: number,
): number | undefined {
  const seconds = schedule[attemptJustEnded - 1];
  return seconds === undefined ? undefined : Math.round(seconds * 1000 * (1 - JITTER + 2 * JITTER * dice));
}

/** What keeps `schedule` from being one: the first entry at fault, or the whole when there are too many. */
export function checkRetrySchedule(schedule: readonly number[]): { index?: number; message: string } | undefined {
  if (schedule.length > RETRY_SCHEDULE_MAX_ENTRIES) {
    return { message: `must have at most ${RETRY_SCHEDULE_MAX_ENTRIES} entries` };
  }
  const index = schedule.findIndex((delay) => !isDelay(delay));
  if (index === -1) return undefined;
  return {
    index,
    message: `must be a whole number of seconds from ${RETRY_DELAY_MIN_SECONDS} to ${RETRY_DELAY_MAX_SECONDS}`,
  };
}

function isDelay(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= RETRY_DELAY_MIN_SECONDS && seconds <= RETRY_DELAY_MAX_SECONDS;
}

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d{2}:\\d{2}:\\d{2}";
/** RFC 9110 §5.6.7: the form that is sent today and the two obsolete ones that must be understood. */
const IMF_FIXDATE = new RegExp(`^${DAY}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT$`);
const RFC850_DATE = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \\d{2}-${MONTH}-\\d{2} ${TIME} GMT$`);
const ASCTIME_DATE = new RegExp(`^${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4}$`);

/**
 * Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds or an HTTP date.
 * @returns milliseconds from `now`, between 0 and 24 h, or undefined where the value is neither form
 */
export function parseRetryAfter(value: string, now: Date): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MAX_MS);
  const timeMs = parseHttpDate(text);
  return timeMs === undefined ? undefined : Math.min(Math.max(timeMs - now.getTime(), 0), RETRY_AFTER_MAX_MS);
}

function parseHttpDate(text: string): number | undefined {
  // asctime has no zone and means UTC, which Date.parse would take for local time.
  const zoned = ASCTIME_DATE.test(text) ? `${text} GMT` : text;
  if (zoned === text && !IMF_FIXDATE.test(text) && !RFC850_DATE.test(text)) return undefined;
  const timeMs = Date.parse(zoned);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
