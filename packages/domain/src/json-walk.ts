/** What in a JSON text can't be kept as it is, and where (RFC 6901). */
export type JsonContentProblem = {
  readonly code: "too-deep" | "forbidden-character" | "number-not-exact" | "duplicate-member";
  readonly message: string;
  readonly pointer: string;
};

/** A place on the way down: the member or element that is being read. */
type Level = {
  readonly kind: "object" | "array";
  at: string | number;
  expectsKey: boolean;
  /** Of an object: the members so far. */
  readonly members: Set<string>;
};

/**
 * Walks a valid JSON text and finds the first thing in it that can't be kept. The text and not the value is walked,
 * since the value has lost the digits that a number was written with.
 */
export function findJsonProblem(text: string, depthMax: number): JsonContentProblem | undefined {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') {
      const end = closingQuote(text, at);
      const problem = takeString(JSON.parse(text.slice(at, end + 1)), levels);
      if (problem !== undefined) return problem;
      at = end;
    } else if (char === "{" || char === "[") {
      if (levels.length === depthMax) return tooDeep(levels, depthMax);
      levels.push(char === "{" ? objectLevel() : arrayLevel());
    } else if (char === "}" || char === "]") levels.pop();
    else if (char === ",") takeComma(levels);
    else if (char === "-" || (char >= "0" && char <= "9")) {
      const number = numberAt(text, at);
      if (!isExact(number)) return numberNotExact(levels);
      at += number.length - 1;
    }
  }
  return undefined;
}

/** Index of the quote that ends the string which begins at `from`, in a valid JSON text. */
export function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}

const objectLevel = (): Level => ({ kind: "object", at: "", expectsKey: true, members: new Set() });
const arrayLevel = (): Level => ({ kind: "array", at: 0, expectsKey: false, members: new Set() });

/** A key or a value: what in it can't be kept. */
function takeString(value: string, levels: readonly Level[]): JsonContentProblem | undefined {
  if (value.includes("\0") || !value.isWellFormed()) return forbiddenCharacter(levels);
  const level = levels.at(-1);
  if (!level?.expectsKey) return undefined;
  level.at = value;
  level.expectsKey = false;
  if (level.members.has(value)) return duplicateMember(levels);
  level.members.add(value);
  return undefined;
}

function takeComma(levels: readonly Level[]): void {
  const level = levels.at(-1);
  if (!level) return;
  if (typeof level.at === "number") level.at++;
  level.expectsKey = level.kind === "object";
}

const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function numberAt(text: string, at: number): string {
  NUMBER.lastIndex = at;
  return NUMBER.exec(text)?.[0] ?? "";
}

/**
 * Whether a number comes out of a double as it went in. Whole numbers keep to the range in which every one is exact
 * (RFC 7493 §2.2), so that an id is refused by its size and not by chance; others must give back their decimal value.
 */
function isExact(number: string): boolean {
  const value = Number(number);
  if (/^-?[0-9]+$/.test(number)) return Number.isSafeInteger(value);
  return Number.isFinite(value) && decimalOf(number) === decimalOf(String(value));
}

/** A decimal's digits without zeros at either end, and its power of ten: one spelling for each value. */
function decimalOf(number: string): string {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const negative = mantissa.startsWith("-");
  const [whole = "", fraction = ""] = mantissa.slice(negative ? 1 : 0).split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  let end = digits.length;
  // Not a regular expression: /0+$/ takes quadratic time on long runs of zeros.
  while (digits.charCodeAt(end - 1) === 0x30) end--;
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${negative ? "-" : ""}${digits.slice(0, end)}e${power}`;
}

function tooDeep(levels: readonly Level[], depthMax: number): JsonContentProblem {
  return { code: "too-deep", message: `Nesting is deeper than ${depthMax}.`, pointer: pointerOf(levels) };
}

/** A key that is at fault isn't repeated: the pointer ends at its object. */
function forbiddenCharacter(levels: readonly Level[]): JsonContentProblem {
  const inKey = levels.at(-1)?.expectsKey === true;
  const pointer = pointerOf(inKey ? levels.slice(0, -1) : levels);
  return { code: "forbidden-character", message: "U+0000 and lone surrogates can't be stored.", pointer };
}

function duplicateMember(levels: readonly Level[]): JsonContentProblem {
  return { code: "duplicate-member", message: "This member is there twice.", pointer: pointerOf(levels) };
}

function numberNotExact(levels: readonly Level[]): JsonContentProblem {
  const message = "This number would lose digits; send it as a string.";
  return { code: "number-not-exact", message, pointer: pointerOf(levels) };
}

function pointerOf(levels: readonly Level[]): string {
  return levels.map(({ at }) => `/${String(at).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
