import { type CommandHeader, entityKey, packHeader } from "@postback/contracts";
import { type Database, loadUnadmitted, type UnadmittedRow } from "@postback/database";
import type { OutgoingMessage, PartitionPosition, Producer } from "@postback/kafka";
import { type Logger, repeatUntilStopped } from "@postback/runtime";

export interface ProduceAgainOptions {
  db: Database;
  producer: Producer;
  topic: string;
  /** How far the consumer of the topic is. */
  positions(): readonly PartitionPosition[];
  /** How many were produced again: an alarm, for Kafka lost what it had acknowledged. */
  onProducedAgain(count: number): void;
  logger: Logger;
}

const intervalMs = 20_000;
/** An offset counts when the consumer passed it this long ago: whoever wrote the row had time to. */
const passedForMs = 60_000;
const batchMax = 500;

/** Where the consumer was, remembered for as long as it matters. */
export class PassedOffsets {
  #seen: { atMs: number; lowWater: ReadonlyMap<number, number> }[] = [];

  note(atMs: number, positions: readonly PartitionPosition[]): void {
    const known = positions.flatMap(({ partition, lowWater }) =>
      lowWater === undefined ? [] : [[partition, lowWater] as const],
    );
    this.#seen.push({ atMs, lowWater: new Map(known) });
  }

  /** The offsets that were passed `passedForMs` ago; what is older is forgotten. */
  take(nowMs: number, passedForMs: number): ReadonlyMap<number, number> {
    const old = this.#seen.filter(({ atMs }) => nowMs - atMs >= passedForMs);
    const latest = old.at(-1);
    if (latest) this.#seen = this.#seen.filter((each) => !old.includes(each) || each === latest);
    return latest?.lowWater ?? new Map();
  }
}

/**
 * Produces again what was acknowledged and is not in the log (I1, design §3.2). Doing so is harmless: a command that is
 * admitted already is met by its row.
 */
export async function produceAgain(options: ProduceAgainOptions, signal: AbortSignal): Promise<void> {
  const passed = new PassedOffsets();
  const look = async () => {
    passed.note(Date.now(), options.positions());
    await produceMissing(options, passed.take(Date.now(), passedForMs));
  };
  const { logger } = options;
  await repeatUntilStopped(look, { intervalMs, signal, logger, event: "commands.not-produced-again" });
}

/** One look: everything without a position below the offsets. */
async function produceMissing(
  { db, producer, topic, onProducedAgain, logger }: ProduceAgainOptions,
  passed: ReadonlyMap<number, number>,
): Promise<void> {
  for (const [partition, offset] of passed) {
    const rows = await loadUnadmitted(db, partition, offset, batchMax);
    if (rows.length === 0) continue;
    await producer.sendAll(rows.map((row) => toMessage(topic, partition, row)));
    onProducedAgain(rows.length);
    logger.error({ partition, count: rows.length, offset }, "commands.produced-again");
  }
}

function toMessage(topic: string, partition: number, row: UnadmittedRow): OutgoingMessage {
  const entity = { type: row.entityType, id: row.entityId };
  const header: CommandHeader = {
    v: 1,
    id: row.id,
    type: row.type,
    revision: row.revision,
    tenant: row.tenantId,
    entity,
    hash: row.hash,
    ...(row.key === null ? {} : { key: row.key }),
    ...(row.audience === null ? {} : { audience: row.audience }),
    acceptedAt: Math.round(row.acceptedAtMs),
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  };
  const key = entityKey(row.tenantId, entity);
  return { topic, partition, key, value: row.input, header: packHeader(header) };
}
