/** JSON without structure. */
export type Scalar = string | number | boolean | null;

/** What one evaluation may still look at. Below zero it has looked at too much, and what its tests say means nothing. */
export type Budget = { left: number };

/** One condition, compiled. `undefined` is a value that isn't there: JSON has none of its own. */
export type Test = (value: unknown, budget: Budget) => boolean;

/** Same type and same value; numbers by their value, so that 1 and 1.0 are one. */
export const equals =
  (wanted: Scalar): Test =>
  (value) =>
    value === wanted;

export function isOneOf(wanted: readonly Scalar[]): Test {
  const set: ReadonlySet<unknown> = new Set(wanted);
  return (value) => set.has(value);
}

export const startsWith =
  (prefix: string): Test =>
  (value) =>
    typeof value === "string" && value.startsWith(prefix);

const comparisons = {
  $gt: (value: number, limit: number) => value > limit,
  $gte: (value: number, limit: number) => value >= limit,
  $lt: (value: number, limit: number) => value < limit,
  $lte: (value: number, limit: number) => value <= limit,
};

export type Comparison = keyof typeof comparisons;
export const isComparison = (name: string): name is Comparison => Object.hasOwn(comparisons, name);

export function compares(name: Comparison, limit: number): Test {
  const holds = comparisons[name];
  return (value) => typeof value === "number" && holds(value, limit);
}

export const exists =
  (wanted: boolean): Test =>
  (value) =>
    (value !== undefined) === wanted;

export const not =
  (test: Test): Test =>
  (value, budget) =>
    !test(value, budget);

export function allOf(tests: readonly Test[]): Test {
  const [first] = tests;
  if (first !== undefined && tests.length === 1) return first;
  return (value, budget) => {
    for (const test of tests) if (!test(value, budget)) return false;
    return true;
  };
}

export const oneOf =
  (tests: readonly Test[]): Test =>
  (value, budget) => {
    for (const test of tests) if (test(value, budget)) return true;
    return false;
  };

/** The member of an object, its own alone: `constructor` of `{}` isn't there. Of what is no object no member is there. */
export const member =
  (name: string, test: Test): Test =>
  (value, budget) => {
    const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    return test(isObject ? (value as Record<string, unknown>)[name] : undefined, budget);
  };

/** The value itself, or any element where it is an array, at any depth; each that is looked at costs one. */
export function anyElement(test: Test): Test {
  const any: Test = (value, budget) => {
    budget.left -= 1;
    if (budget.left < 0) return false;
    if (!Array.isArray(value)) return test(value, budget);
    for (const element of value) if (any(element, budget)) return true;
    return false;
  };
  return any;
}
