import { expect, it } from "vitest";
import { eventually } from "./eventually.ts";

it("returns what the assertion returned once it held", async () => {
  let asked = 0;
  const answer = await eventually(
    () => {
      asked += 1;
      expect(asked).toBeGreaterThanOrEqual(3);
      return asked;
    },
    { intervalMs: 1 },
  );
  expect(answer).toBe(3);
});

it("fails with the assertion's own error when it never holds", async () => {
  const never = eventually(() => expect("pending").toBe("delivered"), { timeoutMs: 20, intervalMs: 5 });
  await expect(never).rejects.toThrow(/^not within 20 ms: expected 'pending' to be 'delivered'/);
});

it("tries once even when there is no time", async () => {
  await expect(eventually(() => "there", { timeoutMs: 0 })).resolves.toBe("there");
});
