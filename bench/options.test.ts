import { expect, test } from "vitest";
import { BenchOptionsError, readBenchOptions } from "./options.ts";

test("measures everything when nothing is said", () => {
  expect(readBenchOptions([])).toMatchObject({
    scenarios: ["events", "events-x10", "order"],
    ratePerSecond: 200,
    isChecked: false,
    profiled: [],
  });
});

test("takes what is said", () => {
  const args = "--scenario order,events --seconds 5 --json x.json --check --profile ingest --profile dispatcher".split(
    " ",
  );
  expect(readBenchOptions(args)).toMatchObject({
    scenarios: ["order", "events"],
    seconds: 5,
    jsonFile: "x.json",
    isChecked: true,
    profiled: ["ingest", "webhook-dispatcher"],
  });
});

test("gives help", () => {
  expect(readBenchOptions(["--seconds", "0", "--help"])).toBe("help");
});

test.each([
  [
    ["--scenario", "orders"],
    "--scenario is orders; it must be one of events, events-x10, order, stuck-entities, accept, watch, hanging",
  ],
  [["--seconds", "0"], "--seconds is 0; it must be a whole number from 1"],
  [["--rate", "fast"], "--rate is fast"],
  [["--profile", "kafka"], "--profile is kafka"],
  [["--second", "1"], "--second"],
])("refuses %j by name", (args, words) => {
  expect(() => readBenchOptions(args)).toThrow(BenchOptionsError);
  expect(() => readBenchOptions(args)).toThrow(words);
});
