import type { Catalog } from "@postback/operations";

export interface Carried {
  /** The operations themselves: ownership, admission, checkpoints. */
  commands: boolean;
  queues: readonly string[];
}

/**
 * What a process carries, out of `PROCESSOR_QUEUES`.
 * @throws when a queue is named that no step of the catalogs has: it would never be carried by anybody
 */
export function carriedQueues(names: readonly string[], catalog: Pick<Catalog, "queues">): Carried {
  const unknown = names.filter((name) => name !== "commands" && name !== "*" && !catalog.queues.includes(name));
  if (unknown.length > 0) {
    const known = catalog.queues.length > 0 ? catalog.queues.join(", ") : "none";
    throw new Error(`PROCESSOR_QUEUES names ${unknown.join(", ")}; the queues of the loaded catalogs are: ${known}`);
  }
  const queues = names.includes("*") ? catalog.queues : catalog.queues.filter((queue) => names.includes(queue));
  return { commands: names.includes("commands"), queues };
}
