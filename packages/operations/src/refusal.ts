/**
 * The two errors that a step throws on purpose. They are told by a registered symbol, not by `instanceof`: a catalog
 * installed from npm may bring its own copy of this package.
 */
const refused = Symbol.for("postback.refuse");
const later = Symbol.for("postback.try-later");

/** A permanent no, which proves that the step had no effect: the operation goes back. */
export class Refuse extends Error {
  readonly [refused] = true;
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "Refuse";
    this.code = code;
  }
}

export interface TryLaterOptions {
  readonly code?: string;
  /** The next attempt comes no sooner. */
  readonly retryAfterMs?: number;
  /** "none" when it is proven that this attempt changed nothing outside; "unknown" by default. */
  readonly effect?: "none" | "unknown";
}

/** A transient no: the step is tried again by its retry policy. */
export class TryLater extends Error {
  readonly [later] = true;
  readonly code: string;
  readonly retryAfterMs: number | undefined;
  readonly effect: "none" | "unknown";
  constructor(message: string, { code = "try-later", retryAfterMs, effect = "unknown" }: TryLaterOptions = {}) {
    super(message);
    this.name = "TryLater";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.effect = effect;
  }
}

/**
 * `throw refuse("card-declined", "The card was declined")`. Code and message are shown to whoever submitted the operation.
 * @param code lower-case words joined by `-`
 */
export const refuse = (code: string, message: string): Refuse => new Refuse(code, message);

/** `throw tryLater("The warehouse is closed", { retryAfterMs: 60_000 })` */
export const tryLater = (message: string, options?: TryLaterOptions): TryLater => new TryLater(message, options);

export const isRefuse = (error: unknown): error is Refuse => error instanceof Error && refused in error;
export const isTryLater = (error: unknown): error is TryLater => error instanceof Error && later in error;
