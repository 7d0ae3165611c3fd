import { expect, test } from "vitest";
import { invalidInput } from "./refusal.ts";

test("shows at most fifty errors, each bounded, so that a small request can't make a large answer", () => {
  const key = "k".repeat(100_000);
  const found = Array.from({ length: 1000 }, (_, index) => ({
    pointer: `/${key}/${index}`,
    message: "must be a number",
  }));
  const refusal = invalidInput(found);
  expect(refusal.errors).toHaveLength(50);
  expect(JSON.stringify(refusal.errors).length).toBeLessThan(40_000);
  expect(refusal.message.length).toBeLessThan(2000);
  expect(refusal.message).toContain("and 997 more");
});

test("says of a single error where it is and what", () => {
  expect(invalidInput([{ pointer: "", message: "must be an object" }]).message).toBe("the body: must be an object");
});
