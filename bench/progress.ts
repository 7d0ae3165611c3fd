const everyMs = 1_000;
/** Without a terminal each line stays, so there are fewer. */
const linesEveryMs = 5_000;

/** What is going on, on standard error: one line that is written over on a terminal, now and then a line elsewhere. */
export class Progress {
  readonly #isTerminal = process.stderr.isTTY === true;
  #shown = "";

  /** A step is done or begins. */
  say(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  /** Shows what `text` gives, again and again until it is disposed of. */
  follow(text: () => string): Disposable {
    const timer = setInterval(() => this.#show(text()), this.#isTerminal ? everyMs : linesEveryMs);
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#clear();
      },
    };
  }

  #show(text: string): void {
    this.#clear();
    this.#shown = this.#isTerminal ? text : "";
    process.stderr.write(this.#isTerminal ? text : `${text}\n`);
  }

  #clear(): void {
    if (this.#shown !== "") process.stderr.write(`\r${" ".repeat(this.#shown.length)}\r`);
    this.#shown = "";
  }
}
