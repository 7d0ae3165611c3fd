import type { OperationStory } from "@postback/client";
import { expect, test } from "vitest";
import { parseTime } from "../parse-time.ts";
import { operationText } from "./operation-text.ts";
import { progressBar } from "./progress-bar.ts";
import { table } from "./table.ts";
import { terminalOutput } from "./terminal-output.ts";

test.each([
  [0, 4, true, "[                              ] 0 % 0/4"],
  [2, 4, true, "[==============>               ] 50 % 2/4"],
  [4, 4, true, `[${"=".repeat(30)}] 100 % 4/4`],
  [0, 0, true, `[${"=".repeat(30)}] 100 % 0/0`],
  [9, 4, false, `[${"=".repeat(30)}] 100 % 9/at least 4`],
])("the bar of %d of %d", (done, total, isExact, bar) => {
  expect(progressBar(done, total, isExact)).toBe(bar);
});

test("a table's columns are as wide as they need, and nobody's text moves the cursor", () => {
  expect(
    table(
      ["id", "what"],
      [
        ["1", "a\u001b[2Jb"],
        ["22", ""],
      ],
    ),
  ).toBe("id  what\n1   a\uFFFD[2Jb\n22");
});

test("a time is one, or so long ago", () => {
  const now = new Date("2026-11-24T10:00:00Z");
  expect(parseTime("2h", "since", now)).toBe("2026-11-24T08:00:00.000Z");
  expect(parseTime("2026-11-24T09:30:00+01:00", "since", now)).toBe("2026-11-24T08:30:00.000Z");
});

test("an operation that went back says at which step, why, and that it was undone", () => {
  const operation: OperationStory = {
    id: "1",
    type: "order.place",
    entity: { type: "order", id: "o" },
    status: "failed",
    createdAt: "a",
    updatedAt: "b",
    completedAt: "b",
    steps: [{ name: "charge-payment", status: "failed", attempts: 3, error: { code: "card-declined", message: "No" } }],
    error: { code: "card-declined", message: "The card was declined", step: "charge-payment", rolledBack: true },
    links: { self: "", events: "", cancel: "" },
  };
  const text = operationText(operation, { colours: false });
  expect(text).toContain("order.place  order:o  failed");
  expect(text).toContain("charge-payment  failed, 3 attempts: No (card-declined)");
  expect(text).toContain("charge-payment: The card was declined (card-declined)\n  what was done has been undone");
  expect(operationText(operation, { colours: true })).toContain("\u001b[31mfailed\u001b[0m");
});

test("progress goes to a terminal alone, and is cleared before a line", () => {
  const written: string[] = [];
  const stream = (isTTY: boolean) => ({ isTTY, write: (text: string) => written.push(text) });
  const out = terminalOutput(stream(true), stream(true), undefined);
  out.progress("50 %");
  out.line("done");
  expect(written).toEqual(["50 %", "\r\u001b[K", "done\n"]);
  written.length = 0;
  terminalOutput(stream(false), stream(false), undefined).progress("50 %");
  expect(written).toEqual([]);
  expect(terminalOutput(stream(true), stream(true), "1").colours).toBe(false);
});
