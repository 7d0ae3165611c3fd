import { expect, test } from "vitest";
import { countAnswers } from "./count-answers.ts";
import { FuzzOptionsError, readFuzzOptions } from "./fuzz-options.ts";
import { faultsIn, fuzzResultOf } from "./fuzz-result.ts";
import { schemathesisSettings } from "./schemathesis-settings.ts";

const answers = { byClass: { "2xx": 1_000, "4xx": 1_500 }, callsThatSucceeded: 20 };
const clean = {
  schemathesis_version: "4.32.5",
  complete: true,
  running_time: 87.6,
  operations: { total: 39, tested: 38, errored: 0 },
  test_cases: { generated: 2_500, with_failures: 0, errored: 0 },
  failures: [],
  errors: [],
};

test("a whole run without a failure has no finding", () => {
  expect(fuzzResultOf(clean, answers, [])).toMatchObject({ cases: 2_500, callsTested: 38, seconds: 88, findings: [] });
});

test.each([
  [
    { failures: [{ title: "Server error", count: 2, operations: ["GET /v1/events"] }] },
    "Server error (2): GET /v1/events",
  ],
  [{ test_cases: { ...clean.test_cases, generated: 1_999 } }, "only 1999 cases were sent; it must be 2000"],
  [{ complete: false }, "schemathesis did not come to its end"],
  [{ errors: [{ title: "Timeout" }] }, 'schemathesis: {"title":"Timeout"}'],
])("%j is a finding", (report, finding) => {
  expect(fuzzResultOf({ ...clean, ...report }, answers, []).findings).toEqual([finding]);
});

test("what ingest logged of a fault is a finding, each kind once; what a client did wrong is none", () => {
  const away = '{"level":"warn","msg":"request.store-away","method":"GET","route":"/v1/events"}';
  const refused = '{"level":"warn","msg":"request.refused","method":"POST","route":"/v1/operations/:id/cancel"}';
  const faults = faultsIn(["not of the logger", away, refused, away, ""].join("\n"));
  expect(faults).toEqual(["request.store-away GET /v1/events"]);
  expect(fuzzResultOf(clean, answers, faults).findings).toEqual(["ingest logged request.store-away GET /v1/events"]);
});

test("counts answers of the API by their class, from ingest's metrics", () => {
  const line = (method: string, route: string, status: number, times: number) =>
    `http_request_duration_seconds_count{app="ingest",method="${method}",route="${route}",status="${status}"} ${times}`;
  const metrics = [
    line("GET", "/v1/events", 200, 3),
    line("GET", "/v1/events", 400, 4),
    line("POST", "/v1/events", 202, 5),
  ];
  const others = [line("GET", "/openapi.json", 200, 1), "http_request_duration_seconds_sum 12"];
  expect(countAnswers([...metrics, ...others].join("\n"))).toEqual({
    byClass: { "2xx": 8, "4xx": 4 },
    callsThatSucceeded: 2,
  });
});

test("ids of what there is go where its paths are, but not to what takes the endpoint away", () => {
  const known = { operation: "op-1", endpoint: "ep-1", delivery: "de-1", replay: "re-1", partner: "pa-1" };
  const keys = { apiKey: "pb_dev_a_b", platformKey: "pb_dev_c_d" };
  const settings = schemathesisSettings({ ...known, apiKey: "ak-1", tenant: "te-1" }, keys);
  expect(settings).toContain('[dictionaries.endpoint]\nvalues = ["ep-1"]');
  expect(settings).toContain(
    `include-path-regex = '^/v1/endpoints/\\{id\\}$'\ninclude-method = ["GET","PATCH"]\nparameters."path.id" = { dictionary = "endpoint"`,
  );
});

test("refuses options that can't be used, by name", () => {
  expect(() => readFuzzOptions(["--examples", "0"])).toThrow(FuzzOptionsError);
  expect(() => readFuzzOptions(["--examples", "0"])).toThrow("--examples is 0; it must be a whole number from 1");
  expect(readFuzzOptions(["--help", "--seed", "x"])).toBe("help");
});
