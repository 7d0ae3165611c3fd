import { type Event, hasEnded, type OperationStory } from "@postback/client";
import type { Context, ExitCode } from "../command.ts";
import { operationText } from "../output/operation-text.ts";

/** Shows the events of an operation as they come, then the operation; 3 when it didn't succeed. */
export async function followToEnd({ client, out, json, signal }: Context, id: string): Promise<ExitCode> {
  const following = client.operations.follow(id, { signal });
  for (let step = await following.next(); ; step = await following.next()) {
    if (step.done) {
      showOperation({ out, json }, step.value);
      return exitCodeOf(step.value);
    }
    out.line(json ? JSON.stringify({ event: step.value }) : eventLine(step.value));
    if (step.value.type === "operation.stuck") {
      out.note("It is stuck: a compensation gave up. An operator has to retry or skip it; still following.");
    }
  }
}

export const showOperation = ({ out, json }: Pick<Context, "out" | "json">, operation: OperationStory): void =>
  out.line(json ? JSON.stringify(operation) : operationText(operation, out));

export const exitCodeOf = (operation: OperationStory): ExitCode =>
  hasEnded(operation) && operation.status !== "succeeded" ? 3 : 0;

export const eventLine = ({ timestamp, type, entity, data }: Event): string =>
  [timestamp, type, entity === undefined ? "" : `${entity.type}:${entity.id}`, JSON.stringify(data)]
    .filter((part) => part !== "")
    .join("  ");
