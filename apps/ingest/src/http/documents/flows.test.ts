import { defineOperation } from "@postback/operations";
import { expect, test } from "vitest";
import { z } from "zod";
import { flowMermaid } from "./flow-mermaid.ts";
import { flowSvg } from "./flow-svg.ts";
import { flowsPage } from "./flows-page.ts";
import { flowsOf, type OperationFlow } from "./operation-flow.ts";

const define = (revision: number) =>
  defineOperation({
    type: "thing.do",
    revision,
    input: z.strictObject({ id: z.string() }),
    entity: { type: "thing", id: ({ id }) => id },
    events: { "thing.done": z.object({}) },
  })
    .transaction("note", { sync: true, run: () => undefined, compensate: () => undefined })
    .http("call", { queue: "calls", run: () => undefined, compensate: () => undefined })
    .task("mail", { run: () => undefined, irreversible: "a <mail> is gone" })
    .transaction("close", { run: () => undefined });

const [flow] = flowsOf([define(1), define(2)]) as [OperationFlow];

test("a type has one flow, with its steps, what undoes them, its events and those of every type", () => {
  expect(flowsOf([define(1), define(2)])).toHaveLength(1);
  expect(flow.steps.map(({ undo }) => undo.kind)).toEqual(["compensate", "compensate", "irreversible", "nothing"]);
  expect(flow.events).toEqual([
    "thing.done",
    "operation.cancelled",
    "operation.failed",
    "operation.stuck",
    "operation.succeeded",
  ]);
  expect(flow.patterns).toEqual(["thing.*", "operation.*", "**"]);
});

test("the path of a flow goes over the sync steps, the topic and the other steps to the end", () => {
  expect(flowMermaid(flow)).toContain("write --> step1 --> commands --> step2 --> step3 --> step4 --> succeeded");
});

test("a step that fails for good leads to its own compensation, or to the one before it; one before the answer refuses", () => {
  const lines = flowMermaid(flow).split("\n");
  const failing = lines.filter((line) => line.includes("fails for good"));
  expect(failing.map((line) => line.trim())).toEqual([
    "step2 -. fails for good .-> undo2",
    "step3 -. fails for good .-> undo3",
    "step4 -. fails for good .-> undo3",
  ]);
  expect(lines.filter((line) => /undo\d -\.-> /.test(line)).map((line) => line.trim())).toEqual([
    "undo1 -.-> undone",
    "undo2 -.-> undo1",
    "undo3 -.-> undo2",
  ]);
});

test("a drawing has a title and a description for those who don't see it, and no style of its own", () => {
  const svg = flowSvg(flow);
  expect(svg).toMatch(/^<svg class="flow" role="img" aria-labelledby="flow-thing-do-title flow-thing-do-desc"/);
  expect(svg).toContain("note (transaction · before the answer; if it goes back: undo note)");
  expect(svg).not.toMatch(/<style|style=|<script/);
});

test("whatever a catalog says is text on the page, never markup", () => {
  const page = flowsPage([flow]);
  expect(page).toContain("a &lt;mail&gt; is gone");
  expect(page).not.toContain("<mail>");
});

test("no box hangs over the edge of the drawing, however long a name is", () => {
  const long: OperationFlow = {
    ...flow,
    type: "a".repeat(128),
    steps: flow.steps.map((step) => ({ ...step, name: "b".repeat(128) })),
  };
  const svg = flowSvg(long);
  const [, width = "0", height = "0"] = /viewBox="0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"/.exec(svg) ?? [];
  const rects = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)];
  expect(rects.length).toBeGreaterThan(8);
  for (const [, x, y, w, h] of rects) {
    expect(Number(x) + Number(w)).toBeLessThanOrEqual(Number(width));
    expect(Number(y) + Number(h)).toBeLessThanOrEqual(Number(height));
  }
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = ""]) => text);
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(84);
});
