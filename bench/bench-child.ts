import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const killAfterMs = 2_000;

/** Generator or sink as a process of its own, so that its CPU is counted apart. It ends when its channel does. */
export class BenchChild<Order extends object, Report extends { readonly kind: string }> implements AsyncDisposable {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #listeners = new Set<(report: Report) => void>();
  readonly #failure = Promise.withResolvers<never>();
  #isStopping = false;

  /** @param file its main.ts */
  constructor(name: string, file: URL) {
    this.name = name;
    this.#process = fork(file, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#process.once("error", (error) => this.#failure.reject(error));
    this.#process.once("exit", (code, signal) => {
      if (!this.#isStopping) this.#failure.reject(new Error(`The ${name} ended with ${signal ?? `code ${code}`}`));
    });
    // Whoever waits for a report is told; when nobody does, the next one to wait is.
    this.#failure.promise.catch(() => undefined);
    // Both ends are of one build, so the type that the other end declares is the type that arrives.
    this.#process.on("message", (message) => {
      for (const listener of this.#listeners) listener(message as Report);
    });
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`The ${this.name} could not be run`);
    return pid;
  }

  send(order: Order): void {
    if (this.#process.connected) this.#process.send(order);
  }

  /** @returns what ends the listening */
  onReport(listener: (report: Report) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The next report of a kind. @throws when the process ends before, `withinMs` pass, or the signal is aborted */
  async next<Kind extends Report["kind"]>(
    kind: Kind,
    { withinMs, signal }: { withinMs: number; signal?: AbortSignal },
  ): Promise<Extract<Report, { kind: Kind }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<Report, { kind: Kind }>>();
    using _ = this.onReport((report) => {
      if (report.kind === kind) resolve(report as Extract<Report, { kind: Kind }>);
    });
    const limit = AbortSignal.any([AbortSignal.timeout(withinMs), ...(signal === undefined ? [] : [signal])]);
    limit.addEventListener("abort", () =>
      reject(new Error(`The ${this.name} has no ${kind}`, { cause: limit.reason })),
    );
    return await Promise.race([promise, this.#failure.promise]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    if (this.#process.connected) this.#process.disconnect();
    const timer = new AbortController();
    const late = sleep(killAfterMs, "late" as const, { signal: timer.signal }).catch(() => "cancelled" as const);
    const how = await Promise.race([exited, late]);
    timer.abort();
    if (how === "late") this.#process.kill("SIGKILL");
    await exited;
  }
}
