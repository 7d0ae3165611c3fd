import { expect, it } from "vitest";
import { checkNode } from "./check-node.mjs";
import { explain, SetupError } from "./setup-error.mjs";

it.each(["npm error code ENOSPC", "mvn: No space left on device"])(
  "says what to do about a full disk: %s",
  (output) => {
    expect(explain(new SetupError(output, "something else")).remedy).toContain("The disk is full");
  },
);

it("keeps the remedy that a step gives", () => {
  expect(explain(new SetupError("no Java", "install it"))).toEqual({ message: "no Java", remedy: "install it" });
});

it("refuses a Node that is too old, and says which one is needed", () => {
  expect(() => checkNode("18.20.4")).toThrow(/This is Node 18\.20\.4; Postback needs Node 20/);
  expect(() => checkNode("20.0.0")).not.toThrow();
});
