import { answerText, type FlowStep, type OperationFlow, stepNote, undoText } from "./operation-flow.ts";

/** A flow as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html), as Git hosts draw it. */
export function flowMermaid(flow: OperationFlow): string {
  const { steps } = flow;
  const sync = steps.filter(({ sync: before }) => before);
  const later = steps.filter(({ sync: before }) => !before);
  const path = ["write", ...sync.map(idOf(steps)), "commands", ...later.map(idOf(steps)), "succeeded"];
  return [
    "flowchart TD",
    `  write["POST /v1/operations<br/>${text(flow.type)} · entity ${text(flow.entity)}<br/>${answerText(flow)}"]`,
    '  commands[("topic commands")]',
    ...steps.map((step) => `  ${idOf(steps)(step)}["${text(step.name)}<br/>${text(stepNote(step))}"]`),
    '  succeeded(["succeeded"])',
    '  undone(["failed or cancelled"])',
    `  events[("topic events<br/>${flow.events.map(text).join("<br/>")}")]`,
    `  webhooks["webhooks<br/>endpoints with ${flow.patterns.map(text).join(", ")}"]`,
    '  pull["SSE, pages: GET /v1/events"]',
    '  socket["WebSocket: /v1/stream"]',
    `  ${path.join(" --> ")}`,
    ...undoLines(steps),
    "  succeeded --> events",
    "  undone --> events",
    ...["webhooks", "pull", "socket"].map((reader) => `  events --> ${reader}`),
  ].join("\n");
}

const idOf = (steps: readonly FlowStep[]) => (step: FlowStep) => `step${steps.indexOf(step) + 1}`;

/**
 * From each step to what is undone first when it fails for good (a step before the answer refuses instead), and from each
 * compensation to the one before.
 */
function undoLines(steps: readonly FlowStep[]): string[] {
  const label = (at: number): string | undefined => steps[at] && undoText(steps[at]);
  const undoAt = (at: number): string => {
    const found = steps.findLastIndex((_, index) => index <= at && label(index) !== undefined);
    return found === -1 ? "undone" : `undo${found + 1}`;
  };
  return steps.flatMap(({ sync }, at) => {
    const own = label(at);
    return [
      ...(own === undefined ? [] : [`  undo${at + 1}["${text(own)}"]`, `  undo${at + 1} -.-> ${undoAt(at - 1)}`]),
      ...(sync ? [] : [`  step${at + 1} -. fails for good .-> ${undoAt(at)}`]),
    ];
  });
}

/** What would end a label, or be read as HTML or as Markdown in it. */
const text = (given: string): string => given.replaceAll(/[#"<>&`*|\\[\]{}()]/g, (char) => `#${char.charCodeAt(0)};`);
