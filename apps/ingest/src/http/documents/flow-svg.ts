import { answerText, type FlowStep, type OperationFlow, stepNote, undoText } from "./operation-flow.ts";

/** Sizes in the drawing's own units. */
const box = { width: 290, height: 54 };
const rowGap = 34;
const main = 20;
const side = main + box.width + 90;
const edge = side + box.width + 24;
const width = edge + 16;
const mainCentre = main + box.width / 2;
const sideCentre = side + box.width / 2;
/** Characters of the drawing's font that go into a box. */
const charsMax = 38;
const lineHeight = 17;

interface Node {
  x: number;
  y: number;
  width?: number;
  height?: number;
  kind: "write" | "topic" | "step" | "undo" | "final" | "bad" | "told";
  lines: readonly string[];
}

/**
 * A flow as an SVG without styles of its own: its classes (`flow-…`) are coloured by the page, light or dark. Reading from the
 * top: the way of the write on the left, what takes it back on the right, those who are told at the bottom.
 */
export function flowSvg(flow: OperationFlow): string {
  const id = `flow-${flow.type.replaceAll(".", "-")}`;
  const drawn = draw(flow);
  return [
    `<svg class="flow" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${width} ${drawn.height}" width="${width}" height="${drawn.height}" xmlns="http://www.w3.org/2000/svg">`,
    `<title id="${id}-title">${escapeXml(`The way of a write of the type ${flow.type}`)}</title>`,
    `<desc id="${id}-desc">${escapeXml(inWords(flow))}</desc>`,
    `<defs><marker id="${id}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="flow-tip" d="M0 0 8 4 0 8z"/></marker></defs>`,
    ...drawn.lines.map(({ path, back }) => line(path, back, `${id}-tip`)),
    ...drawn.nodes.map(node),
    "</svg>",
  ].join("");
}

interface Drawn {
  nodes: Node[];
  lines: { path: string; back: boolean }[];
  height: number;
}

const rowY = (row: number): number => 16 + row * (box.height + rowGap);

function draw(flow: OperationFlow): Drawn {
  const rows = mainRows(flow);
  const back = backRows(rows);
  const events = rowY(rows.length);
  const eventLines = wrap(flow.events, charsMax * 2);
  const eventsHeight = 34 + eventLines.length * lineHeight;
  const told = events + eventsHeight + rowGap;
  const lists = readers(flow, told);
  return {
    nodes: [
      ...rows.map(({ kind, lines }, row) => ({ x: main, y: rowY(row), kind, lines })),
      ...back.map(({ row, kind, lines }) => ({ x: side, y: rowY(row), kind, lines })),
      {
        x: main,
        y: events,
        width: side + box.width - main,
        height: eventsHeight,
        kind: "topic",
        lines: ["topic events", ...eventLines],
      },
      ...lists,
    ],
    lines: [
      ...rows.map((_, row) => ({ path: down(mainCentre, rowY(row) + box.height, rowY(row + 1)), back: false })),
      ...backLines(rows, back).map((path) => ({ path, back: true })),
      { path: around(rowY(back[0]?.row ?? 0) + box.height / 2, events + 18), back: false },
      ...lists.map(({ x, width: wide }) => ({ path: down(x + wide / 2, events + eventsHeight, told), back: false })),
    ],
    height: told + 74 + 16,
  };
}

interface BackRow extends Pick<Node, "kind" | "lines"> {
  row: number;
}

/** The way back, from its end at the top: each compensation stands beside its step. */
function backRows(rows: readonly Row[]): BackRow[] {
  const undone = rows.flatMap(({ step }, row): BackRow[] => {
    const label = step && undoText(step);
    return step === undefined || label === undefined ? [] : [{ row, kind: "undo", lines: [label, reasonOf(step)] }];
  });
  const last = rows.findIndex(({ step }) => step !== undefined);
  return [{ row: (undone[0]?.row ?? last) - 1, kind: "bad", lines: ["failed or cancelled"] }, ...undone];
}

/** From each compensation to the one before, and from each step to the first that is due when it fails for good. */
function backLines(rows: readonly Row[], back: readonly BackRow[]): string[] {
  const bottom = (row: number): number => rowY(row) + box.height;
  const between = back.slice(1).map(({ row }, at) => down(sideCentre, rowY(row), bottom(back[at]?.row ?? 0)));
  // A step before the answer refuses: nothing is there to be undone.
  const failing = rows.flatMap(({ step }, row) => (step === undefined || step.sync ? [] : [row]));
  const into = failing.map((row) => {
    const first = back.findLast((each) => each.row <= row);
    const from = `M${main + box.width} ${rowY(row) + box.height / 2}`;
    return first?.row === row ? `${from}H${side - 1}` : `${from}H${sideCentre}V${bottom(first?.row ?? 0) + 1}`;
  });
  return [...between, ...into];
}

interface Row extends Pick<Node, "kind" | "lines"> {
  step?: FlowStep;
}

function mainRows(flow: OperationFlow): Row[] {
  const row = (step: FlowStep): Row => ({ kind: "step", lines: [step.name, stepNote(step)], step });
  return [
    { kind: "write", lines: [`POST /v1/operations · ${flow.type}`, `entity ${flow.entity}`] },
    ...flow.steps.filter(({ sync }) => sync).map(row),
    { kind: "topic", lines: ["topic commands", `answer ${answerText(flow)}`] },
    ...flow.steps.filter(({ sync }) => !sync).map(row),
    { kind: "final", lines: ["succeeded"] },
  ];
}

function readers({ patterns }: OperationFlow, y: number) {
  const gap = 16;
  const wide = (side + box.width - main - 2 * gap) / 3;
  const texts = [
    ["webhooks", "endpoints that subscribe to", clip(patterns.join(" "), 26)],
    ["SSE and pages", "GET /v1/events", "of an operation, or all"],
    ["WebSocket", "/v1/stream", "operations, entities, types"],
  ];
  return texts.map((lines, at) => ({
    x: main + at * (wide + gap),
    y,
    width: wide,
    height: 74,
    kind: "told" as const,
    lines,
  }));
}

const reasonOf = ({ undo }: FlowStep): string => (undo.kind === "irreversible" ? undo.reason : "compensation");

const down = (x: number, from: number, to: number): string => `M${x} ${from}V${to + (to > from ? -1 : 1)}`;
/** From the failure, past all compensations, to the topic. */
const around = (from: number, to: number): string =>
  `M${side + box.width} ${from}H${edge}V${to}H${side + box.width + 1}`;

const line = (path: string, back: boolean, tip: string): string =>
  `<path class="flow-line${back ? " flow-back" : ""}" d="${path}" marker-end="url(#${tip})"/>`;

function node({ x, y, kind, lines, width: wide = box.width, height = box.height }: Node): string {
  const radius = kind === "topic" ? 16 : kind === "final" || kind === "bad" ? 27 : 6;
  const top = y + height / 2 - ((lines.length - 1) * lineHeight) / 2 + 4;
  const texts = lines.map((text, at) => {
    const max = wide > box.width ? charsMax * 2 + 8 : Math.floor(wide / 7.4);
    const shown = escapeXml(clip(text, max));
    return `<text class="${at === 0 ? "flow-name" : "flow-note"}" x="${x + wide / 2}" y="${top + at * lineHeight}">${shown}</text>`;
  });
  const whole = `<title>${escapeXml(lines.join(" · "))}</title>`;
  return `<g class="flow-${kind}">${whole}<rect x="${x}" y="${y}" width="${wide}" height="${height}" rx="${radius}"/>${texts.join("")}</g>`;
}

/** Words joined into as few lines as hold them. */
function wrap(words: readonly string[], max: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 3 <= max) lines[lines.length - 1] = `${last} · ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The same for those who don't see it. */
function inWords({ type, entity, steps, events, patterns }: OperationFlow): string {
  const done = steps.map((step) => {
    const undo = undoText(step);
    return `${step.name} (${stepNote(step)}${undo === undefined ? "" : `; if it goes back: ${undo}`})`;
  });
  return `A write of the type ${type} about an entity ${entity} goes to the topic commands. Its steps: ${done.join(", then ")}. It can tell ${events.join(", ")} on the topic events, to those who subscribe to ${patterns.join(", ")}.`;
}

const clip = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** For text and for attributes in double quotes, of SVG and of HTML. */
export const escapeXml = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => entities[char] ?? char);
