import type { Output } from "../command.ts";

const codes = { green: 32, yellow: 33, red: 31, grey: 90 } as const;

/** Which colour a status has, of an operation, a step or a delivery. */
const colourOf: Readonly<Record<string, keyof typeof codes>> = {
  succeeded: "green",
  delivered: "green",
  completed: "green",
  failed: "red",
  stuck: "red",
  exhausted: "red",
  expired: "red",
  cancelled: "yellow",
  discarded: "yellow",
  compensating: "yellow",
  compensated: "yellow",
};

/** A status in its colour, where colours are seen. */
export const paintStatus = (status: string, { colours }: Pick<Output, "colours">): string => {
  const colour = colourOf[status];
  return colours && colour !== undefined ? `\u001b[${codes[colour]}m${status}\u001b[0m` : status;
};
