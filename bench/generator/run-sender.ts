import { nowUs } from "../measure/clock.ts";
import { Histogram } from "../measure/histogram.ts";
import { writeMark } from "../measure/mark.ts";
import { SequenceSet } from "../measure/sequence-set.ts";
import type { GeneratorResult, RunOrder } from "../protocol.ts";
import { scenarios } from "../scenarios.ts";
import type { PostJson } from "./post-json.ts";

/** Sends the requests of one run, numbered from 0, and keeps how they were answered. */
export class RunSender {
  readonly #order: RunOrder;
  readonly #post: PostJson;
  readonly #accepted = SequenceSet.empty();
  readonly #refused: Record<string, number> = {};
  readonly #accept = new Histogram();
  readonly #lateness = new Histogram();
  #sent = 0;
  #answered = 0;

  constructor(order: RunOrder, post: PostJson) {
    this.#order = order;
    this.#post = post;
  }

  get accepted(): number {
    return this.#accepted.size;
  }

  get inFlight(): number {
    return this.#sent - this.#answered;
  }

  /** @param dueAtUs when it was to be sent; latencies count from it */
  send(dueAtUs: number, onAnswered?: () => void): void {
    const sequence = this.#sent++;
    const { path, body, writesEach } = scenarios[this.#order.scenario];
    const mark = writeMark({ run: this.#order.run, sequence, sentAtUs: dueAtUs });
    this.#lateness.record(nowUs() - dueAtUs);
    this.#post(path, body(mark, sequence), (answer, accepted) => {
      this.#answered += 1;
      // A batch counts when all of it was accepted: none of these can be refused by a rule.
      if (writesEach === undefined ? answer === 202 : answer === 200 && accepted === writesEach) {
        this.#accept.record(nowUs() - dueAtUs);
        this.#accepted.add(sequence);
      } else {
        this.noteRefused(writesEach === undefined ? String(answer) : `${answer} with ${accepted} accepted`);
      }
      onAnswered?.();
    });
  }

  noteRefused(why: string): void {
    this.#refused[why] = (this.#refused[why] ?? 0) + 1;
  }

  result(): GeneratorResult {
    return {
      sent: this.#sent,
      accepted: this.#accepted.toText(),
      refused: this.#refused,
      accept: this.#accept.summary(),
      lateness: this.#lateness.summary(),
    };
  }
}
