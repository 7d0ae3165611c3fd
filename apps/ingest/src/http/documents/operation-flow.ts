import type { OperationDefinition, StepDefinition } from "@postback/operations";
import { everyOperationsEvents, newestOf } from "../types/type-lists.ts";

/** How a step's effect is taken back when a later one says no. */
type FlowUndo = { kind: "compensate" } | { kind: "irreversible"; reason: string } | { kind: "nothing" };

export interface FlowStep {
  name: string;
  kind: StepDefinition["kind"];
  /** Done before the answer. */
  sync: boolean;
  queue?: string;
  undo: FlowUndo;
}

/** The way of a write of one type, from its request to those who are told. */
export interface OperationFlow {
  type: string;
  entity: string;
  steps: readonly FlowStep[];
  /** What it can tell, those events last that every type has. */
  events: readonly string[];
  /** Patterns that an endpoint or a stream subscribes to these with. */
  patterns: readonly string[];
}

/** A flow for each operation type, by type, at its highest revision. */
export const flowsOf = (definitions: readonly OperationDefinition[]): OperationFlow[] =>
  newestOf(definitions)
    .map(flowOf)
    .sort((a, b) => (a.type < b.type ? -1 : 1));

function flowOf({ type, entity, steps, events }: OperationDefinition): OperationFlow {
  const told = [...Object.keys(events).sort(), ...everyOperationsEvents];
  const firstWords = new Set(told.map((each) => each.split(".")[0] ?? each));
  return {
    type,
    entity: entity.type,
    steps: steps.map(stepOf),
    events: told,
    patterns: [...[...firstWords].map((word) => `${word}.*`), "**"],
  };
}

const stepOf = (step: StepDefinition): FlowStep => ({
  name: step.name,
  kind: step.kind,
  sync: step.sync === true,
  ...(step.queue === undefined ? {} : { queue: step.queue }),
  undo: undoOf(step),
});

function undoOf({ compensate, irreversible }: StepDefinition): FlowUndo {
  if (compensate !== undefined) return { kind: "compensate" };
  return irreversible === undefined ? { kind: "nothing" } : { kind: "irreversible", reason: irreversible };
}

/** The kind of a step and where it runs, for a reader. */
export const stepNote = ({ kind, sync, queue }: FlowStep): string =>
  [kind, sync ? "before the answer" : undefined, queue === undefined ? undefined : `queue ${queue}`]
    .filter((part) => part !== undefined)
    .join(" · ");

export const undoText = ({ name, undo }: FlowStep): string | undefined => {
  if (undo.kind === "compensate") return `undo ${name}`;
  return undo.kind === "irreversible" ? "can't be undone" : undefined;
};

/** The answer that the write gets, and what it says. */
export const answerText = ({ steps }: Pick<OperationFlow, "steps">): string =>
  steps.some(({ sync }) => sync) ? "201, these steps are done" : "202 as soon as Kafka has it";
