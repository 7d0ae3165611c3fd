import type { Output } from "../command.ts";

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const clearLine = "\r\u001b[K";

/** Results to one stream, what is said besides to the other. @param noColor `NO_COLOR` (https://no-color.org) */
export function terminalOutput(stdout: Stream, stderr: Stream, noColor: string | undefined): Output {
  let showsProgress = false;
  const clear = () => {
    if (showsProgress) stderr.write(clearLine);
    showsProgress = false;
  };
  return {
    colours: stdout.isTTY === true && (noColor === undefined || noColor === ""),
    line(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    progress(text) {
      if (stderr.isTTY !== true) return;
      clear();
      if (text === undefined) return;
      stderr.write(text);
      showsProgress = true;
    },
  };
}
