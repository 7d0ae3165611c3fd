import pg from "pg";

/** What of a client's connection is used here; pg's types leave it out. */
interface Connected {
  readonly connection: { readonly stream: { cork(): void; uncork(): void } };
}

/**
 * Sends what is asked within one tick with one write: a system call, and a wake-up of the server, for all of it. pg
 * writes each query by itself, in pipeline mode too.
 */
export class CoalescingClient extends pg.Client {
  #isCorked = false;

  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads, passed on as they are
  override query(...args: any[]): any {
    this.#corkForThisTick();
    return Reflect.apply(super.query, this, args);
  }

  #corkForThisTick(): void {
    if (this.#isCorked) return;
    const { stream } = (this as unknown as Connected).connection;
    this.#isCorked = true;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }
}
