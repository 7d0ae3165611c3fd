import { expect, test } from "vitest";
import { openFilesMax } from "./open-files.ts";

const limits = (hard: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95998                95998                processes
Max open files            1024                 ${hard}               files
Max locked memory         8388608              8388608              bytes
`;

test("knows the hard limit of open files, to which Node raises its own", () => {
  expect(openFilesMax(limits("20000"))).toBe(20_000);
  expect(openFilesMax(limits("unlimited"))).toBe(Number.POSITIVE_INFINITY);
  expect(() => openFilesMax("Limit")).toThrow("how many files");
});
