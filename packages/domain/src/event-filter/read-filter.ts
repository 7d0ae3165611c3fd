import {
  allOf,
  anyElement,
  type Budget,
  compares,
  equals,
  exists,
  isComparison,
  isOneOf,
  member,
  not,
  oneOf,
  type Scalar,
  startsWith,
  type Test,
} from "./filter-tests.ts";

/** Bounds of a filter. */
const FILTER_MAX_BYTES = 4096;
const FILTER_DEPTH_MAX = 10;
export const FILTER_CONDITIONS_MAX = 100;
/**
 * Values of one event that a filter looks at, each condition counted; 10,000 take about 0.1 ms. An event that needs more
 * matches: one too many can be dropped by its receiver, one too few is lost.
 */
export const FILTER_LOOKS_MAX = 10_000;

/** What a filter sees of an event. */
export type FilteredEvent = { readonly data?: unknown; readonly entity?: unknown };

/** A filter that was read: compiled once, asked for each event. Synchronous, and allocates nothing. */
export type EventFilter = {
  matches(event: FilteredEvent): boolean;
  /** The same, but an event that needs too many looks doesn't match: for a filter that protects, not one that selects. */
  surelyMatches(event: FilteredEvent): boolean;
};

/** A rule that a filter breaks, and where: `pointer` is a JSON pointer (RFC 6901) into the filter. */
export type FilterProblem = { readonly pointer: string; readonly message: string };

export type ReadFilter =
  | { readonly ok: true; readonly filter: EventFilter }
  | { readonly ok: false; readonly problems: readonly FilterProblem[] };

/**
 * Reads a filter on the content of events, as docs/receive-webhooks.md describes it:
 * `{"data": {"amount": {"$gte": 1000}, "currency": {"$in": ["EUR", "USD"]}}}`.
 * @param value JSON as it was parsed
 */
export function readFilter(value: unknown): ReadFilter {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? "");
  if (bytes > FILTER_MAX_BYTES) return refused(`has ${bytes} bytes, and at most ${FILTER_MAX_BYTES} are allowed`);
  const reading: Reading = { problems: [], conditions: 0 };
  const test = readObject(value, { reading, pointer: "", depth: 0, isEvent: true });
  if (reading.conditions > FILTER_CONDITIONS_MAX) {
    return refused(`has ${reading.conditions} conditions, and at most ${FILTER_CONDITIONS_MAX} are allowed`);
  }
  if (reading.problems.length > 0) return { ok: false, problems: reading.problems };
  // One for all evaluations: they don't overlap.
  const budget: Budget = { left: 0 };
  const holds = (event: FilteredEvent): boolean => {
    budget.left = FILTER_LOOKS_MAX;
    return test(event, budget);
  };
  const matches = (event: FilteredEvent): boolean => holds(event) || budget.left < 0;
  const surelyMatches = (event: FilteredEvent): boolean => holds(event) && budget.left >= 0;
  return { ok: true, filter: { matches, surelyMatches } };
}

const refused = (message: string): ReadFilter => ({ ok: false, problems: [{ pointer: "", message }] });

type Reading = { readonly problems: FilterProblem[]; conditions: number };

/** Where in the filter we are; `isEvent`: the object is about the event itself, not about a value in it. */
type Place = {
  readonly reading: Reading;
  readonly pointer: string;
  readonly depth: number;
  readonly isEvent: boolean;
};

const membersOfEvents: readonly string[] = ["data", "entity"];
/** Stands for a condition that has a problem: it is never asked, because such a filter is refused. */
const broken: Test = () => false;

function problem({ reading, pointer }: Place, message: string): Test {
  reading.problems.push({ pointer, message });
  return broken;
}

const below = (place: Place, key: string | number, isEvent = false): Place => ({
  reading: place.reading,
  pointer: `${place.pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`,
  depth: place.depth + 1,
  isEvent,
});

function readCondition(value: unknown, place: Place): Test {
  if (isScalar(value)) return anyElement(counted(place, equals(value)));
  if (Array.isArray(value)) return problem(place, 'an array is no condition; "$in" takes a list of values');
  return readObject(value, place);
}

function readObject(value: unknown, place: Place): Test {
  if (place.depth > FILTER_DEPTH_MAX) return problem(place, `is nested deeper than ${FILTER_DEPTH_MAX}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return problem(place, "must be an object");
  const names = Object.keys(value);
  if (names.length === 0) return problem(place, "is empty: it must have a condition");
  const found = { whole: [] as Test[], ofElements: [] as Test[] };
  for (const [name, operand] of Object.entries(value)) {
    const at = below(place, name, place.isEvent && isLogical(name));
    found[looksAtWhole(name) ? "whole" : "ofElements"].push(readEntry(name, operand, at, place));
  }
  if (hasMembersAndComparisons(names)) return problem(place, "has members and comparisons; a value can't fulfil both");
  const { whole, ofElements } = found;
  return ofElements.length === 0 ? allOf(whole) : allOf([...whole, anyElement(allOf(ofElements))]);
}

function readEntry(name: string, operand: unknown, at: Place, of: Place): Test {
  if (name.startsWith("$") && !name.startsWith("$$")) return readOperator(name, operand, at, of.isEvent);
  if (name === "__proto__") return problem(at, "can't be a member of a filter");
  if (of.isEvent && !membersOfEvents.includes(name))
    return problem(at, 'is not known; a filter is about "data" and "entity"');
  return member(name.startsWith("$$") ? name.slice(1) : name, readCondition(operand, at));
}

function readOperator(name: string, operand: unknown, at: Place, isEvent: boolean): Test {
  if (name === "$not") return not(isEvent ? readObject(operand, at) : readCondition(operand, at));
  if (name === "$and" || name === "$or") return readList(name, operand, at);
  if (isEvent) return problem(at, 'is not known here; compare values in "data" and "entity"');
  const test = readComparison(name, operand);
  return typeof test === "string" ? problem(at, test) : counted(at, test);
}

function readList(name: "$and" | "$or", operand: unknown, at: Place): Test {
  if (!Array.isArray(operand) || operand.length === 0) return problem(at, "must be a list of conditions, one or more");
  const tests = operand.map((each: unknown, index) => {
    const place = below(at, index, at.isEvent);
    return at.isEvent ? readObject(each, place) : readCondition(each, place);
  });
  return name === "$and" ? allOf(tests) : oneOf(tests);
}

/** @returns the rule that the operand breaks, in words, where it breaks one */
function readComparison(name: string, operand: unknown): Test | string {
  if (isComparison(name)) return typeof operand === "number" ? compares(name, operand) : "must be a number";
  switch (name) {
    case "$eq":
      return isScalar(operand) ? equals(operand) : "must be a string, a number, a boolean or null";
    case "$in":
      return isScalars(operand)
        ? isOneOf(operand)
        : "must be a list of strings, numbers, booleans and null, one or more";
    case "$prefix":
      return typeof operand === "string" && operand !== ""
        ? startsWith(operand)
        : "must be a string with a character or more";
    case "$exists":
      return typeof operand === "boolean" ? exists(operand) : "must be true or false";
    default:
      return `is no operator; there are ${operators.join(", ")}. A member whose name begins with $ is written with $$`;
  }
}

const operators = ["$eq", "$in", "$prefix", "$gt", "$gte", "$lt", "$lte", "$exists", "$and", "$or", "$not"];
const isLogical = (name: string): boolean => name === "$and" || name === "$or" || name === "$not";
/** The others look at each element, where the value is an array. */
const looksAtWhole = (name: string): boolean => isLogical(name) || name === "$exists";

function hasMembersAndComparisons(names: readonly string[]): boolean {
  const compared = names.filter((name) => name.startsWith("$") && !name.startsWith("$$") && !isLogical(name));
  const members = names.filter((name) => !name.startsWith("$") || name.startsWith("$$"));
  return members.length > 0 && compared.some((name) => name !== "$exists");
}

function counted({ reading }: Place, test: Test): Test {
  reading.conditions += 1;
  return test;
}

const isScalar = (value: unknown): value is Scalar =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

const isScalars = (value: unknown): value is Scalar[] =>
  Array.isArray(value) && value.length > 0 && value.every(isScalar);
