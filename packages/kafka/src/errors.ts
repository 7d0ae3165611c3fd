/** Base of every error this package throws: loops ask only `retryable`, logs and problems print `code`. */
export class KafkaError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable;
  }
}

/**
 * Kafka didn't answer, or not in time. `outcome` says what is known about the message: `not-sent` never left this process,
 * `unknown` may be in the log (or get there yet), so whoever sends it again must count on meeting it twice.
 */
export class KafkaUnavailable extends KafkaError {
  readonly outcome: "not-sent" | "unknown";

  constructor(message: string, options: { outcome?: "not-sent" | "unknown"; cause?: unknown } = {}) {
    super("kafka-unavailable", message, { retryable: true, cause: options.cause });
    this.outcome = options.outcome ?? "not-sent";
  }
}

/** More messages or bytes wait than the producer may hold; nothing of this message was sent. */
export class ProducerFull extends KafkaError {
  constructor(message: string) {
    super("producer-full", message, { retryable: true });
  }
}

/** The producer is closing or closed; nothing of this message was sent. */
export class ProducerClosed extends KafkaError {
  constructor() {
    super("producer-closed", "the producer is closed", { retryable: true });
  }
}

/** Kafka (or our own limit, before Kafka is asked) refuses this very message; sending it again can't help. */
export class MessageRefused extends KafkaError {
  constructor(code: "message-too-large" | "message-refused", message: string, cause?: unknown) {
    super(code, message, { retryable: false, cause });
  }
}

/** A consumer that can't go on; the process should log it and end, so that its partitions go to another. */
export class ConsumerFailed extends KafkaError {
  constructor(message: string, cause?: unknown) {
    super("consumer-failed", message, { retryable: false, cause });
  }
}
