const width = 30;

/** `[=====>    ] 50 % 500/1000`; a total that is only a least is told as such. */
export function progressBar(done: number, total: number, totalIsExact: boolean): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(part * width);
  const bar = `${"=".repeat(Math.max(0, filled - 1))}${filled === 0 ? "" : filled === width ? "=" : ">"}`.padEnd(width);
  return `[${bar}] ${Math.floor(part * 100)} % ${done}/${totalIsExact ? "" : "at least "}${total}`;
}
