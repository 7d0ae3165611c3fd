const everyMs = process.stderr.isTTY ? 200 : 10_000;

/**
 * Says what is being done while it is done: one line that counts on a terminal, a line every 10 s elsewhere.
 *
 * @template T
 * @param {string} what
 * @param {(say: (detail: string) => void) => Promise<T>} work `say` replaces the detail shown behind the time
 * @returns {Promise<T>}
 */
export async function showing(what, work) {
  const startedAt = performance.now();
  let detail = "";
  const line = (end = "") => `  ${what} … ${elapsed(startedAt)}${detail && ` · ${detail}`}${end}`;
  print(line());
  const timer = setInterval(() => print(line()), everyMs);
  try {
    const result = await work((next) => {
      detail = next;
    });
    print(line(" ✓"), true);
    return result;
  } catch (error) {
    print(line(" ✗"), true);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** @param {number} startedAt */
function elapsed(startedAt) {
  const seconds = (performance.now() - startedAt) / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/**
 * @param {string} line
 * @param {boolean} [last]
 */
function print(line, last = false) {
  if (!process.stderr.isTTY) process.stderr.write(`${line}\n`);
  else process.stderr.write(`\r\x1b[2K${line.slice(0, process.stderr.columns - 1)}${last ? "\n" : ""}`);
}
