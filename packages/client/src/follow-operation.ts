import type { Event, Operation, OperationStory } from "./api-types.ts";
import type { Connection } from "./connection.ts";
import { followEvents, NoStream } from "./follow-events.ts";
import { ProblemError } from "./problem-error.ts";

const ended: ReadonlySet<Operation["status"]> = new Set(["succeeded", "failed", "cancelled"]);
/** For one request, seconds; the API takes up to 60. */
const waitSeconds = 20;

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
}

/** An operation that has ended: nothing of it changes any more. */
export const hasEnded = ({ status }: Pick<Operation, "status">): boolean => ended.has(status);

/**
 * The events of an operation as they are told, each once; returns the operation when it has ended. A stream is asked for
 * first; where there is none to be had, it asks again and again, waiting at the server.
 */
export async function* followOperation(
  connection: Connection,
  id: string,
  { signal }: FollowOptions = {},
): AsyncGenerator<Event, OperationStory> {
  const seen = new Set<string>();
  try {
    for await (const told of followEvents(connection, "GET /v1/operations/{id}/events", { path: { id } }, signal)) {
      if (told.kind === "resync" || seen.has(told.event.id)) continue;
      seen.add(told.event.id);
      yield told.event;
    }
  } catch (error) {
    if (!isWithoutStream(error)) throw error;
  }
  for (;;) {
    const operation = await connection.call(
      "GET /v1/operations/{id}",
      { path: { id }, query: { wait: waitSeconds } },
      { signal, waitMs: waitSeconds * 1000 },
    );
    const page = await connection.call("GET /v1/operations/{id}/events", { path: { id } }, { signal });
    for (const event of page?.data ?? []) {
      if (seen.has(event.id)) continue;
      seen.add(event.id);
      yield event;
    }
    if (hasEnded(operation)) return operation;
  }
}

/** Too many streams are open, or what is in between lets none through: the operation itself can be asked all the same. */
const isWithoutStream = (error: unknown): boolean =>
  error instanceof NoStream || (error instanceof ProblemError && error.problem === "overloaded");
