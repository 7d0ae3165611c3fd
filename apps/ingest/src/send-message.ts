import {
  KafkaUnavailable,
  MessageRefused,
  type OutgoingMessage,
  type Producer,
  ProducerClosed,
  ProducerFull,
} from "@postback/kafka";
import { overloaded, Refusal, unavailable } from "./refusal.ts";

/**
 * Produces one message and waits for the acknowledgement of all in-sync replicas.
 * @returns its offset
 * @throws {Refusal} overloaded or unavailable, to be tried again; body-too-large
 */
export async function sendMessage(producer: Producer, message: OutgoingMessage): Promise<number> {
  try {
    return (await producer.send(message)).offset;
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof ProducerFull) return overloaded("Too many messages wait for Kafka already. Try again.", error);
  if (error instanceof ProducerClosed) return unavailable("This instance is stopping. Try again.", error);
  if (error instanceof KafkaUnavailable) return unavailable(unavailableDetail(error), error);
  if (error instanceof MessageRefused && error.code === "message-too-large") {
    return new Refusal("body-too-large", "The message made of this request is too large for Kafka.", { cause: error });
  }
  return error;
}

/** Whoever tries again should know whether the first try may have worked: with a key or an id of theirs it does no harm. */
const unavailableDetail = ({ outcome }: KafkaUnavailable): string =>
  outcome === "unknown"
    ? "Kafka did not acknowledge in time; it may still have taken this. Try again, with the same Idempotency-Key or id."
    : "Kafka can't be reached; nothing was taken. Try again.";
