const PREFIX = "dlv_";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LIVE_BYTES = 32;
const REPLAY_BYTES = 48;
/** In the database's key: not a replay. */
export const LIVE = "00000000-0000-0000-0000-000000000000";

/** What a delivery is of: one event, one endpoint, and the replay it belongs to or {@link LIVE}. UUIDs in lower case. */
export type DeliveryKey = { readonly eventId: string; readonly endpointId: string; readonly replayId: string };

/**
 * The public id of a delivery: `dlv_` and base64url of its key's UUIDs, so a duplicate always meets the same row and no
 * index has to be kept for it.
 * @throws TypeError where a part isn't a UUID
 */
export function deliveryId({ eventId, endpointId, replayId }: DeliveryKey): string {
  const uuids = replayId === LIVE ? [eventId, endpointId] : [eventId, endpointId, replayId];
  return PREFIX + Buffer.concat(uuids.map(bytesOfUuid)).toString("base64url");
}

/** The key in a public id, or undefined where it is none; each delivery has exactly one spelling. */
export function parseDeliveryId(id: string): DeliveryKey | undefined {
  if (!id.startsWith(PREFIX)) return undefined;
  const encoded = id.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.length !== LIVE_BYTES && bytes.length !== REPLAY_BYTES) return undefined;
  if (bytes.toString("base64url") !== encoded) return undefined;
  const replayId = bytes.length === REPLAY_BYTES ? uuidAt(bytes, 32) : LIVE;
  if (bytes.length === REPLAY_BYTES && replayId === LIVE) return undefined;
  return { eventId: uuidAt(bytes, 0), endpointId: uuidAt(bytes, 16), replayId };
}

function bytesOfUuid(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new TypeError(`not a UUID: ${uuid}`);
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

function uuidAt(bytes: Buffer, offset: number): string {
  const hex = bytes.toString("hex", offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
