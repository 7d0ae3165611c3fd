import { newId, uuidV7At } from "@postback/domain";
import { expect, test } from "vitest";
import { unknownOperation } from "./show-operation.ts";

test("an id of a moment ago may have been accepted without its row being there yet: ask again", () => {
  const refusal = unknownOperation(newId(), Date.now());
  expect([refusal.code, refusal.retryAfterSeconds]).toEqual(["unavailable", 1]);
});

test.each([undefined, uuidV7At(Date.now() - 120_000), "0192f0c1-2b5e-4c3a-9d5e-3f1a5b7c9d01"])(
  "there is no operation %j",
  (id) => {
    expect(unknownOperation(id, Date.now()).code).toBe("not-found");
  },
);
