import { type Problem, type ProblemName, problems, problemType } from "@postback/contracts";
import { type JsonObject, schemaRef } from "./schemas.ts";

/** What some problems carry besides, as it looks. */
const shown: Readonly<Partial<Record<ProblemName, Partial<Problem>>>> = {
  "invalid-input": {
    detail: "/input/items/0/quantity: Too small: expected number to be >=1",
    errors: [{ pointer: "/input/items/0/quantity", message: "Too small: expected number to be >=1" }],
  },
  "step-refused": {
    detail: "record-order: There is an order with this id",
    error: { code: "order-exists", message: "There is an order with this id", step: "record-order" },
  },
};

const names = Object.keys(problems) as ProblemName[];

/** The closed list, for the field `type` of a problem. */
export const problemTypes: readonly string[] = names.map(problemType);

/** An example of each problem, by the name that `problemResponses` refers to it with. */
export const problemExamples = (): JsonObject =>
  Object.fromEntries(
    names.map((name) => {
      const { status, title } = problems[name];
      const value: Problem = { type: problemType(name), title, status, detail: `${title}.`, ...shown[name] };
      return [name, { summary: title, value }];
    }),
  );

/** One response for a status, which names all problems that come with it. */
export function problemResponses(refused: readonly ProblemName[]): JsonObject {
  const byStatus = Map.groupBy(refused, (name) => problems[name].status);
  return Object.fromEntries(
    [...byStatus].map(([code, list]) => [
      code,
      {
        description: list.map((name) => `\`${name}\`: ${problems[name].title}`).join("; "),
        ...(tryAgain.has(code) ? { headers: { "Retry-After": retryAfter } } : {}),
        content: { "application/problem+json": { schema: schemaRef("Problem"), examples: exampleRefs(list) } },
      },
    ]),
  );
}

/** Refusals that end by themselves. */
const tryAgain: ReadonlySet<number> = new Set([429, 503]);
const retryAfter: JsonObject = { schema: { type: "integer" }, description: "Seconds after which to try again" };

const exampleRefs = (list: readonly ProblemName[]): JsonObject =>
  Object.fromEntries(list.map((name) => [name, { $ref: `#/components/examples/${name}` }]));
