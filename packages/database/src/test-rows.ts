import { randomBytes } from "node:crypto";
import { LIVE, newId } from "@postback/domain";
import type { EventRow } from "./dispatch/event-row.ts";
import type { AttemptRecord, DeliveryRecord, Outcomes } from "./dispatch/record-outcomes.ts";
import { createEndpoint } from "./endpoints/create-endpoint.ts";
import type { EndpointSettings } from "./endpoints/endpoint-row.ts";
import type { Database } from "./open-database.ts";
import type { CommandRow } from "./operations/command-row.ts";
import { acquirePartitions } from "./processing/acquire-partitions.ts";
import { type AdmittedCommand, admitCommands } from "./processing/admit-commands.ts";
import type { Checkpoint } from "./processing/checkpoint.ts";
import { createTenant } from "./tenants/create-tenant.ts";

/** Rows with every field filled in, of which a test names those that it is about. */

let partitions = 0;
/** Tests of a file share a database: each works on partitions of its own. */
export function newPartition(): number {
  partitions += 1;
  return partitions;
}

export interface OwnedPartition {
  partition: number;
  epoch: bigint;
}

export async function ownPartition(db: Database, partition = newPartition(), owner = "me"): Promise<OwnedPartition> {
  const [ownership] = await acquirePartitions(db, owner, [partition], new Map());
  if (!ownership) throw new Error(`partition ${partition} was not acquired`);
  return { partition, epoch: ownership.epoch };
}

/** The n-th number of an epoch: `epoch·2^40 + n`, decimal. */
export const numberIn = (epoch: bigint, n: number): string => ((epoch << 40n) + BigInt(n)).toString();

export function aCommand(given: Partial<CommandRow> = {}): CommandRow {
  return {
    tenantId: newId(),
    id: newId(),
    type: "order.place",
    revision: 1,
    entityType: "order",
    entityId: "1",
    partition: 0,
    logOffset: 0,
    hash: "hash of the request",
    input: '{"orderId":"1"}',
    acceptedAtMs: Date.now(),
    step: "reserve-stock",
    steps: [{ name: "reserve-stock", status: "pending" }],
    ...given,
  };
}

/** The command as the n-th of its partition's owner. */
export function admitted(owned: OwnedPartition, n: number, given: Partial<CommandRow> = {}): AdmittedCommand {
  return { ...aCommand({ logOffset: n, ...given }), partition: owned.partition, position: numberIn(owned.epoch, n) };
}

/** An operation that was admitted, ready for its first checkpoint. */
export async function anOperation(
  db: Database,
  owned: OwnedPartition,
  n: number,
  given: Partial<CommandRow> = {},
): Promise<AdmittedCommand> {
  const command = admitted(owned, n, given);
  const result = await admitCommands(db, owned, [command]);
  if (result.kind === "fenced") throw new Error(`partition ${owned.partition} has another owner`);
  return command;
}

export function aCheckpoint(owned: OwnedPartition, of: CommandRow, given: Partial<Checkpoint> = {}): Checkpoint {
  return {
    partition: owned.partition,
    epoch: owned.epoch.toString(),
    tenantId: of.tenantId,
    id: of.id,
    version: 0,
    status: "running",
    step: "charge-payment",
    steps: [{ name: "reserve-stock", status: "succeeded" }],
    completed: false,
    events: [],
    ...given,
  };
}

export function anEvent(given: Partial<EventRow> = {}): EventRow {
  return {
    tenantId: newId(),
    id: newId(),
    type: "order.placed",
    partition: 0,
    body: '{"type":"order.placed","data":{}}',
    acceptedAtMs: Date.now(),
    ...given,
  };
}

export interface EndpointKey {
  tenantId: string;
  endpointId: string;
}

const aSecret = () => ({
  algorithm: "v1" as const,
  keyId: "k1",
  nonce: randomBytes(12),
  ciphertext: randomBytes(54),
});

export async function aTenant(db: Database): Promise<string> {
  const id = newId();
  await createTenant(db, { id, name: "test" });
  return id;
}

/** An endpoint with its lane, of the tenant or of a new one. */
export async function anEndpoint(
  db: Database,
  { tenantId, ...settings }: EndpointSettings & { tenantId?: string; partnerId?: string; handshake?: boolean } = {},
): Promise<EndpointKey> {
  const tenant = tenantId ?? (await aTenant(db));
  const id = newId();
  const url = "https://partner.example/hook";
  await createEndpoint(db, tenant, { url, events: ["**"], ...settings, id, secret: aSecret() });
  return { tenantId: tenant, endpointId: id };
}

export function aDelivery({ tenantId, endpointId }: EndpointKey, given: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    tenantId,
    eventId: newId(),
    endpointId,
    replay: LIVE,
    eventType: "order.placed",
    partition: 0,
    status: "pending",
    dueInMs: 0,
    ...given,
  };
}

/** The event that a delivery brings. */
export const eventOf = ({ tenantId, eventId }: DeliveryRecord, given: Partial<EventRow> = {}): EventRow =>
  anEvent({ tenantId, id: eventId, ...given });

export const anAttempt = (given: Partial<AttemptRecord> = {}): AttemptRecord => ({
  at: new Date(1_790_000_000_000).toISOString(),
  durationMs: 12.5,
  outcome: "refused",
  status: 500,
  ...given,
});

/** Deliveries with their events. */
export const outcomesOf = (deliveries: readonly DeliveryRecord[], given: Partial<Outcomes> = {}): Outcomes => ({
  events: deliveries.map((delivery) => eventOf(delivery)),
  deliveries,
  progress: [],
  pauses: [],
  ...given,
});
