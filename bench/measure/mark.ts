/** What an event carries from the generator to the sink: which run made it, its number there, when it was to be sent. */
export interface Mark {
  readonly run: number;
  readonly sequence: number;
  /** Of the clock that all processes share, in whole microseconds. */
  readonly sentAtUs: number;
}

const prefix = "bench-";
const needle = Buffer.from(prefix);
const dash = 0x2d;
const zero = 0x30;

/** As text that is unique among all runs on one stack, so that it serves as an order's id: `bench-<run>-<sequence>-<µs>`. */
export const writeMark = ({ run, sequence, sentAtUs }: Mark): string =>
  `${prefix}${run}-${sequence}-${Math.round(sentAtUs)}`;

/** The first mark in a body, found without parsing the body; undefined when there is none. */
export function readMark(body: Buffer): Mark | undefined {
  const found = body.indexOf(needle);
  if (found < 0) return undefined;
  const run = readDigits(body, found + needle.length);
  const sequence = readDigits(body, run.end + 1);
  const sentAt = readDigits(body, sequence.end + 1);
  const isWhole = body[run.end] === dash && body[sequence.end] === dash && sentAt.end > sequence.end + 1;
  return isWhole ? { run: run.value, sequence: sequence.value, sentAtUs: sentAt.value } : undefined;
}

function readDigits(body: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  let end = start;
  for (; end < body.length; end += 1) {
    const digit = (body[end] ?? 0) - zero;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return { value, end };
}
