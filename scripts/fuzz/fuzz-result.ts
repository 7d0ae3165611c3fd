import type { MachineFacts } from "../dev/machine-facts.ts";
import type { Answers } from "./count-answers.ts";
import type { FuzzOptions } from "./fuzz-options.ts";
import { checks, type SchemathesisReport } from "./run-schemathesis.ts";

const casesMin = 2_000;

export interface FuzzResult {
  readonly cases: number;
  readonly seconds: number;
  readonly callsTested: number;
  readonly callsTotal: number;
  readonly answers: Answers;
  readonly version: string;
  /** What isn't as it must be; empty when all is well. */
  readonly findings: readonly string[];
}

/** @param ours errors that ingest logged meanwhile */
export function fuzzResultOf(report: SchemathesisReport, answers: Answers, ours: readonly string[]): FuzzResult {
  const { operations, test_cases: sent } = report;
  return {
    cases: sent.generated,
    seconds: Math.round(report.running_time),
    callsTested: operations.tested,
    callsTotal: operations.total,
    answers,
    version: report.schemathesis_version,
    findings: [
      ...report.failures.map(({ title, count, operations: where }) => `${title} (${count}): ${where.join(", ")}`),
      ...report.errors.map((error) => `schemathesis: ${JSON.stringify(error)}`),
      ...ours.map((line) => `ingest logged ${line}`),
      ...(sent.generated < casesMin ? [`only ${sent.generated} cases were sent; it must be ${casesMin}`] : []),
      ...(report.complete ? [] : ["schemathesis did not come to its end"]),
    ],
  };
}

/** What ingest logs of a request that failed for a reason of its own, or of a store's. */
const faults: ReadonlySet<unknown> = new Set(["request.failed", "request.store-away", "http.error", "stream.failed"]);

/** @param log of ingest, one JSON object a line @returns the faults, each kind once @throws SyntaxError of a line that is no JSON */
export function faultsIn(log: string): string[] {
  const lines = log.split("\n").filter((line) => line.startsWith("{"));
  const entries = lines.map((line) => JSON.parse(line) as { msg?: unknown; method?: unknown; route?: unknown });
  const found = entries.filter(({ msg }) => faults.has(msg));
  return [...new Set(found.map(({ msg, method = "", route = "" }) => `${msg} ${method} ${route}`.trim()))];
}

export const describeFuzzed = (facts: MachineFacts, { seed, examplesMax }: FuzzOptions, result: FuzzResult): string =>
  `# Fuzzing the HTTP API

\`npm run fuzz\`: requests that schemathesis makes up from Postback's own OpenAPI document, against a whole Postback with
the shop on loopback.

| | |
|---|---|
| commit | ${facts.commit} |
| at | ${facts.at} |
| machine | ${facts.cores} × ${facts.cpu}, ${facts.platform}, Node ${facts.node} |
| schemathesis | ${result.version}, seed ${seed}, at most ${examplesMax} examples for each call besides the borders of its schemas |
| checks | ${checks.join(", ")}; ingest's log has no error of ours, and no store that was away |
| calls | ${result.callsTested} of ${result.callsTotal}; not the WebSocket \`/v1/stream\` |
| cases | ${result.cases} in ${result.seconds} s |
| answered | ${describeAnswers(result.answers)} |
| findings | ${result.findings.length === 0 ? "0" : `${result.findings.length}: ${result.findings.join("; ")}`} |

Calls that can answer with a stream of Server-Sent Events are made without \`Accept: text/event-stream\`. A 503 is taken as
documented only where an operation isn't known yet (\`/v1/operations/{id}…\`, \`/v1/entities/…\`): ids that were made in
advance are like those of writes that are on their way.
`;

const describeAnswers = ({ byClass, callsThatSucceeded }: Answers): string => {
  const each = Object.entries(byClass)
    .sort()
    .map(([statusClass, times]) => `${times} × ${statusClass}`);
  return `${each.join(", ")}; ${callsThatSucceeded} calls with success at least once`;
};
