import type { OperationStory } from "@postback/client";
import type { Output } from "../command.ts";
import { paintStatus } from "./paint.ts";
import { printable } from "./table.ts";

/** An operation for people: what it is, its steps, how it ended, and with a story who was told. */
export function operationText(operation: OperationStory, out: Pick<Output, "colours">): string {
  const { id, type, entity, status, createdAt, completedAt, steps, result, error, duplicateOf, events } = operation;
  const lines = [
    `${id}  ${type}  ${entity.type}:${printable(entity.id)}  ${paintStatus(status, out)}`,
    `  accepted ${createdAt}${completedAt === undefined ? "" : `, ended ${completedAt}`}`,
    ...(duplicateOf === undefined ? [] : [`  the same write as ${duplicateOf}`]),
    ...steps.map(stepLine(out)),
    ...(result === undefined ? [] : [`  result ${JSON.stringify(result)}`]),
    ...(error === undefined ? [] : errorLines(error)),
    ...(events ?? []).flatMap((event) => [
      `  told ${event.type}  ${event.id}`,
      ...event.deliveries.map(
        (delivery) =>
          `    ${paintStatus(delivery.status, out)} to ${delivery.endpointId}, ${attemptsOf(delivery.attempts.length)}`,
      ),
    ]),
  ];
  return lines.join("\n");
}

const stepLine =
  (out: Pick<Output, "colours">) =>
  ({ name, status, attempts, error }: OperationStory["steps"][number]): string => {
    const why = error === undefined ? "" : `: ${printable(error.message)} (${printable(error.code)})`;
    return `  ${name}  ${paintStatus(status, out)}${attempts > 1 ? `, ${attemptsOf(attempts)}` : ""}${why}`;
  };

export const attemptsOf = (count: number): string => `${count} ${count === 1 ? "attempt" : "attempts"}`;

function errorLines({
  code,
  message,
  step,
  rolledBack,
  notUndone = [],
}: NonNullable<OperationStory["error"]>): string[] {
  return [
    `  ${step === undefined ? "" : `${step}: `}${printable(message)} (${printable(code)})`,
    rolledBack ? "  what was done has been undone" : "  not all was undone",
    ...notUndone.map((each) => `    ${each.step}: ${printable(each.why)}`),
  ];
}
