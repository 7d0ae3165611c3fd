import { expect, test } from "vitest";
import { WaitPlaces } from "./wait-places.ts";

test("a key has as many places as it may, and a place that was given back is there again", () => {
  const places = new WaitPlaces({ max: 10, perKeyMax: 1 });
  const giveBack = places.take("a");
  expect(places.take("a")).toBe("key-full");
  expect(typeof places.take("b")).toBe("function");
  if (typeof giveBack === "string") throw new Error(giveBack);
  giveBack();
  giveBack();
  expect(places.taken).toBe(1);
  expect(typeof places.take("a")).toBe("function");
});

test("all keys together have as many as the instance may", () => {
  const places = new WaitPlaces({ max: 2, perKeyMax: 10 });
  places.take("a");
  places.take("b");
  expect(places.take("c")).toBe("instance-full");
});
