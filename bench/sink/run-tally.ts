import { Histogram } from "../measure/histogram.ts";
import type { Mark } from "../measure/mark.ts";
import { SequenceSet } from "../measure/sequence-set.ts";
import type { RunOrder, SinkResult } from "../protocol.ts";

/** Wrong requests that are shown; the others are counted only. */
const wrongShownMax = 10;

/** What has arrived in one run. */
export class RunTally {
  readonly run: number;
  /** Endpoints below this one don't count. */
  readonly #countedFrom: number;
  readonly #endAtUs: number;
  readonly #arrived: readonly SequenceSet[];
  readonly #webhookIds = new Set<string>();
  readonly #latency = new Histogram();
  #arrivedInTime = 0;
  #duplicates = 0;
  #verified = 0;
  readonly #wrong: string[] = [];

  constructor({ run, startAtUs, seconds, first }: RunOrder, endpoints: number) {
    this.run = run;
    this.#countedFrom = first === undefined ? 0 : 1;
    this.#endAtUs = startAtUs + seconds * 1e6;
    this.#arrived = Array.from({ length: endpoints }, () => SequenceSet.empty());
  }

  /** Deliveries, each once. */
  get delivered(): number {
    return this.#latency.count;
  }

  /** A webhook has been read to its end. */
  take(endpoint: number, webhookId: string, mark: Mark | undefined, atUs: number): void {
    const arrived = this.#arrived[endpoint];
    if (mark === undefined || arrived === undefined) return this.noteWrong(`no webhook of the bench: ${webhookId}`);
    if (endpoint < this.#countedFrom) return;
    // All of an earlier run had arrived before this one began.
    if (mark.run !== this.run || !arrived.add(mark.sequence)) {
      this.#duplicates += 1;
      return;
    }
    this.#webhookIds.add(webhookId);
    this.#latency.record(atUs - mark.sentAtUs);
    if (atUs <= this.#endAtUs) this.#arrivedInTime += 1;
  }

  noteVerified(): void {
    this.#verified += 1;
  }

  noteWrong(what: string): void {
    if (this.#wrong.length < wrongShownMax) this.#wrong.push(what);
  }

  result(): SinkResult {
    return {
      arrived: this.#arrived.slice(this.#countedFrom).map((set) => set.toText()),
      arrivedInTime: this.#arrivedInTime,
      duplicates: this.#duplicates,
      webhookIds: this.#webhookIds.size,
      verified: this.#verified,
      wrong: this.#wrong,
      delivery: this.#latency.summary(),
    };
  }
}
