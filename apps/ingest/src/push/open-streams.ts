import { type Logger, type Part, repeatUntilStopped } from "@postback/runtime";
import type { Caller, KnownKeys } from "../auth/known-keys.ts";
import { Refusal } from "../refusal.ts";
import { type NoPlace, WaitPlaces, type WaitPlacesOptions } from "../waits/wait-places.ts";

export interface OpenStreamsOptions extends WaitPlacesOptions {
  keys: Pick<KnownKeys, "callerOf">;
  logger: Logger;
}

interface Stream {
  keyId: string;
  authorization: string | undefined;
  /** What it was opened under; of a partner's key. */
  grantText: string | undefined;
  cut(): void;
}

/** How often the keys of open streams are asked for again, milliseconds: a revocation, or another grant, works within about that. */
const keysEveryMs = 1_000;

/** All streams that are open: bounded, overall and per API key, and cut off when their key is no longer in force, or has another grant. */
export class OpenStreams {
  readonly #options: OpenStreamsOptions;
  readonly #places: WaitPlaces;
  readonly #streams = new Set<Stream>();
  #closed = false;

  constructor(options: OpenStreamsOptions) {
    this.#options = options;
    this.#places = new WaitPlaces(options);
  }

  get open(): number {
    return this.#streams.size;
  }

  get part(): Part {
    return { name: "open-streams", run: (signal) => this.#run(signal) };
  }

  /**
   * @param cut ends the stream; also called at once when the process is stopping already
   * @returns what takes it off the list; or why it may not be opened
   */
  take({ keyId, grantText }: Caller, authorization: string | undefined, cut: () => void): (() => void) | NoPlace {
    const giveBack = this.#places.take(keyId);
    if (typeof giveBack === "string") return giveBack;
    const stream = { keyId, authorization, grantText, cut };
    this.#streams.add(stream);
    if (this.#closed) cut();
    return () => {
      this.#streams.delete(stream);
      giveBack();
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    const end = () => {
      this.#closed = true;
      for (const { cut } of this.#streams) cut();
    };
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    const again = { intervalMs: keysEveryMs, signal, logger, event: "open-streams.keys-not-checked" };
    await repeatUntilStopped(() => this.#checkKeys(), again);
  }

  async #checkKeys(): Promise<void> {
    const byKey = Map.groupBy(this.#streams, ({ keyId }) => keyId);
    await Promise.all([...byKey.values()].map((streams) => this.#checkKey(streams)));
  }

  async #checkKey(streams: readonly Stream[]): Promise<void> {
    try {
      const { grantText } = await this.#options.keys.callerOf(streams[0]?.authorization);
      // A client that comes again, from where it was, is shown what the grant of then allows.
      for (const stream of streams) if (stream.grantText !== grantText) stream.cut();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // While Postgres is away a key is believed for as long as everywhere (design §4); after that no stream goes on.
      for (const { cut } of streams) cut();
    }
  }
}
