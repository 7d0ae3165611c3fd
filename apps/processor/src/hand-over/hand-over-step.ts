import { entityKey, packHeader, queueTopicName, type StepHeader } from "@postback/contracts";
import type { OperationRow } from "@postback/database";
import type { OutgoingMessage, Producer } from "@postback/kafka";
import type { Logger } from "@postback/runtime";

export interface HandOverOptions {
  producer: Producer;
  topicPrefix: string;
  logger: Logger;
}

/** How long the owner waits for a result before it hands the step over again; the worker drops what it has or had. */
export const handOverAgainMs = 30_000;

/**
 * Brings a step that its row says is handed over to its queue. A failure is logged alone: what is not in the queue is
 * handed over again after {@link handOverAgainMs}.
 */
export async function handOverStep(options: HandOverOptions, row: OperationRow, queue: string): Promise<void> {
  try {
    await options.producer.send(toMessage(options.topicPrefix, row, queue));
  } catch (error) {
    options.logger.warn({ err: error, operationId: row.id, step: row.dispatchedStep, queue }, "step.not-handed-over");
  }
}

function toMessage(prefix: string, row: OperationRow, queue: string): OutgoingMessage {
  const entity = { type: row.entityType, id: row.entityId };
  const header: StepHeader = {
    v: 1,
    tenant: row.tenantId,
    operationId: row.id,
    step: row.dispatchedStep ?? "",
    version: row.version,
    entity,
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  };
  const topic = queueTopicName(prefix, queue);
  return {
    topic,
    partition: row.partition,
    key: entityKey(row.tenantId, entity),
    value: null,
    header: packHeader(header),
  };
}
