import { type EventHeader, eventHeaderSchema, unpackHeader } from "@postback/contracts";
import type { IncomingMessage } from "@postback/kafka";

/** An event as it is in the log: judged by its header; the body is bytes until it is sent. */
export interface LogEvent {
  partition: number;
  offset: number;
  header: EventHeader;
  /** Of an event of an operation. */
  number: bigint | undefined;
  body: Buffer;
}

const tenantIn = /"tenant":"([0-9a-f-]{36})"/;

/**
 * The tenant of a packed header, by sight: most messages of a shared log are nobody's here, and parsing each would be the
 * greater part of reading.
 * @returns undefined where it can't be seen, so that the header has to be parsed
 */
export const tenantBySight = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : tenantIn.exec(header)?.[1];

/** @returns undefined for what is no event: the dispatcher makes a dead letter of it, and nobody is shown it */
export function toLogEvent(partition: number, message: IncomingMessage): LogEvent | undefined {
  const unpacked = unpackHeader(eventHeaderSchema, message.header);
  if (!unpacked.ok || message.value === null) return undefined;
  const { header } = unpacked;
  const number = header.number === undefined ? undefined : BigInt(header.number);
  return { partition, offset: message.offset, header, number, body: message.value };
}

/** As the API shows it: its bytes with its id in front. It is one line, because line breaks in JSON are only between tokens. */
export const eventJson = ({ header, body }: LogEvent): string => withId(header.id, body.toString("utf8"));

export const withId = (id: string, body: string): string =>
  `{"id":${JSON.stringify(id)},${body
    .trimStart()
    .slice(1)
    .replaceAll(/[\r\n]+/g, " ")}`;
