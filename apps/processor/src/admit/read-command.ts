import {
  type CommandHeader,
  commandHeaderSchema,
  type DeadLetterReason,
  entityKey,
  unpackHeader,
} from "@postback/contracts";
import { type IncomingMessage, jsonFault, partitionFor } from "@postback/kafka";

export type ReadCommand =
  | { ok: true; header: CommandHeader; input: string }
  | { ok: false; reason: DeadLetterReason; detail: string };

/** Reads a message of `commands`. What isn't one is an expected thing: anyone may put a message there by hand. */
export function readCommand(message: IncomingMessage, partition: number, partitions: number): ReadCommand {
  const unpacked = unpackHeader(commandHeaderSchema, message.header);
  if (!unpacked.ok) return { ok: false, reason: "unreadable-header", detail: unpacked.detail };
  const { header } = unpacked;
  const due = partitionFor(entityKey(header.tenant, header.entity), partitions);
  if (due !== partition) {
    const detail = `its entity belongs to partition ${due}: here it would run beside the others of its entity`;
    return { ok: false, reason: "wrong-partition", detail };
  }
  const body = message.value;
  const fault = jsonFault(body);
  if (body === null || fault !== undefined) return { ok: false, reason: "unreadable-body", detail: fault ?? "" };
  return { ok: true, header, input: body.toString("utf8") };
}
