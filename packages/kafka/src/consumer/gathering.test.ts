import { expect, it } from "vitest";
import { Gathering } from "./gathering.ts";

it("keeps nobody waiting who reads a message now and then", () => {
  const gathering = new Gathering(10);
  expect(gathering.leftMs(0)).toBe(0);
  for (const nowMs of [0, 5, 20, 24, 31]) {
    gathering.add(1, nowMs);
    expect(gathering.leftMs(nowMs)).toBe(0);
  }
});

it("waits for the end of a window that has brought several messages, at once or one after the other", () => {
  const gathering = new Gathering(10);
  gathering.add(2, 100);
  gathering.add(1, 103);
  expect(gathering.leftMs(104)).toBe(6);
  expect(gathering.leftMs(110)).toBe(0);
  gathering.add(50, 200);
  expect(gathering.leftMs(200)).toBe(10);
});

it("begins anew with the first message after a window", () => {
  const gathering = new Gathering(10);
  gathering.add(3, 100);
  gathering.add(1, 110);
  expect(gathering.leftMs(110)).toBe(0);
});

it("never waits without a window", () => {
  const gathering = new Gathering(0);
  gathering.add(100, 50);
  expect(gathering.leftMs(50)).toBe(0);
});
