import { expect, test } from "vitest";
import { z } from "zod";
import { StepEvents } from "./step-events.ts";

const partner = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const begun = () => new StepEvents({ "order.placed": z.object({ n: z.number() }) });

test("an event keeps the audience that its step names, and has none where it names none", () => {
  const events = begun();
  events.emit("order.placed", { n: 1 });
  for (const audience of [[partner], [], "everyone"] as const) events.emit("order.placed", { n: 2 }, { audience });
  expect(events.emitted.map(({ audience }) => audience)).toEqual([undefined, [partner], [], "everyone"]);
  expect(events.emitted[0]).not.toHaveProperty("audience");
});

test.each([
  ["no ids", ["carrier"]],
  ["numbers", [7]],
  ["another word", "all"],
  ["an object", {}],
  ["101 partners", Array.from({ length: 101 }, () => partner)],
])("an audience of %s fails the step, also when its code catches what it throws", (_what, audience) => {
  const events = begun();
  expect(() => events.emit("order.placed", { n: 1 }, { audience: audience as never })).toThrow(/audience/);
  expect(events.wrong?.message).toContain("audience");
  expect(events.emitted).toEqual([]);
});
