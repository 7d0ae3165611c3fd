/** An event as it is to be told, with the webhook's frozen body. */
export type ToldEvent = {
  readonly tenantId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly acceptedAtMs: number;
  readonly traceparent: string | undefined;
  /** JSON of `{type, timestamp, data, entity?, operation?}`. */
  readonly body: Buffer;
};

export type EventFormat = "standard" | "cloudevents-structured" | "cloudevents-binary";

/** What is sent: exactly these bytes are signed. Header names are in lower case. */
export type FormattedEvent = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

type Body = {
  readonly timestamp?: unknown;
  readonly data?: unknown;
  readonly entity?: { readonly type: string; readonly id: string };
  readonly operation?: { readonly id: string; readonly type: string };
};

/** Of all formats but the standard one; an endpoint's own `content-type` would say what isn't true. */
export const CONTENT_TYPES = {
  "cloudevents-structured": "application/cloudevents+json; charset=utf-8",
  "cloudevents-binary": "application/json",
} as const;

/**
 * Brings an event into its endpoint's form. CloudEvents are made of the frozen body for each attempt, always the same
 * bytes: it was written by `JSON.stringify`, which reading and writing again leaves as it is.
 *
 * Structured (CloudEvents HTTP binding 1.0.2 §3.2) has all in the body, so all of it is signed. Binary (§3.1) has the
 * attributes in `ce-` headers, of which the signature covers `ce-id` alone, as `webhook-id`.
 */
export function formatEvent(event: ToldEvent, format: EventFormat): FormattedEvent {
  if (format === "standard") return { headers: {}, body: event.body };
  const content = contentOf(event.body);
  const attributes = attributesOf(event, content);
  const data = content.data ?? null;
  if (format === "cloudevents-structured") {
    return { headers: {}, body: Buffer.from(JSON.stringify({ ...attributes, data })) };
  }
  const { datacontenttype: _, ...inHeaders } = attributes;
  const headers = Object.entries(inHeaders).map(([name, value]) => [`ce-${name}`, headerValueOf(value)]);
  return { headers: Object.fromEntries(headers), body: Buffer.from(JSON.stringify(data)) };
}

/** Somebody may have put a message on the topic by hand; what isn't an object has neither time nor entity. */
function contentOf(body: Buffer): Body {
  const parsed: unknown = JSON.parse(body.toString("utf8"));
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : { data: parsed };
}

/** CloudEvents 1.0.2 §3; `subject` is the entity as the API writes it, `operation…` are extensions. */
function attributesOf(event: ToldEvent, { timestamp, entity, operation }: Body): Record<string, string> {
  return {
    specversion: "1.0",
    id: event.eventId,
    source: `/tenants/${event.tenantId}`,
    type: event.eventType,
    ...(entity === undefined ? {} : { subject: `${entity.type}:${entity.id}` }),
    time: typeof timestamp === "string" ? timestamp : new Date(event.acceptedAtMs).toISOString(),
    datacontenttype: "application/json",
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    ...(operation === undefined ? {} : { operationid: operation.id, operationtype: operation.type }),
  };
}

/** HTTP binding §3.1.3.2: what isn't printable ASCII, and space, quote and percent, are percent-encoded as UTF-8. */
function headerValueOf(value: string): string {
  return value.replace(/[^!-~]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
