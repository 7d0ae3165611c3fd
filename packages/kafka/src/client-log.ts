import { type LogEntry, logLevel } from "kafkajs";
import type { PortLogger } from "./connection.ts";

export type LogListener = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * kafkajs' log lines as ours. It calls each lost connection an error and each rebalance a warning; what is an error is
 * decided by us, where it has consequences, so its errors become warnings and the rest is for debugging.
 */
export function bridgeLog(logger: PortLogger, onLog?: LogListener): () => (entry: LogEntry) => void {
  return () => (entry) => {
    const { timestamp: _, logger: __, message, stack: ___, ...fields } = entry.log;
    onLog?.(message, fields);
    const line = `kafkajs: ${message}`;
    if (entry.level === logLevel.ERROR) logger.warn({ namespace: entry.namespace, ...fields }, line);
    else logger.debug({ namespace: entry.namespace, ...fields }, line);
  };
}
