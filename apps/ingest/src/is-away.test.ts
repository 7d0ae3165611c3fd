import { expect, test } from "vitest";
import { isAway } from "./is-away.ts";

const coded = (code: string) => Object.assign(new Error("x"), { code });

test.each([
  coded("ECONNREFUSED"),
  coded("P1001"),
  coded("57P01"),
  coded("08006"),
  Object.assign(new Error("x"), { retryable: true }),
  new Error("timeout exceeded when trying to connect"),
  new Error("Client has encountered a connection error and is not queryable"),
  new Error("wrapped", { cause: coded("ECONNRESET") }),
  new AggregateError([coded("ECONNREFUSED")], "all addresses"),
])("says that trying again makes sense for %o", (error) => {
  expect(isAway(error)).toBe(true);
});

test.each([coded("23505"), coded("22P02"), new TypeError("x is undefined"), "ECONNREFUSED", undefined])(
  "says that it makes none for %o",
  (error) => {
    expect(isAway(error)).toBe(false);
  },
);
