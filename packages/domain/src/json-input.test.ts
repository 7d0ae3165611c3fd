import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkJsonText, parseJsonBody } from "./json-input.ts";
import { findJsonProblem } from "./json-walk.ts";

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("parseJsonBody", () => {
  it.each([
    "null",
    "0",
    '""',
    "{}",
    "[]",
    ' { "a" : [ 1 , -2.5 , true , null , "x" ] } ',
    '{"emoji":"\\ud83d\\ude00","escaped":"\\\\u0000","quote":"a\\"b","backslash":"\\\\"}',
    '{"raw":"😀é\\n"}',
    "[9007199254740991,-9007199254740991,1.5,0.1,1e2,1E+2,1.10,100e-2,-0,-0.0,0e999999,1e300,5e-324]",
    "[123456789012345.5,0.30000000000000004,1.7976931348623157e308]",
    '"{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{["',
    nested(32),
  ])("takes %s as JSON.parse does", (text) => {
    expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it("drops a byte order mark", () => {
    expect(parse("\uFEFF{}")).toEqual({ ok: true, value: {} });
  });

  it.each([
    "",
    " ",
    "{",
    "{'a':1}",
    '{"a":1,}',
    "[1,]",
    "NaN",
    "01",
    '"\u0001"',
    '"\0"',
    "{} {}",
    '"\\x"',
    "\uFEFF\uFEFF{}",
  ])("refuses %j as malformed", (text) => {
    expect(parse(text)).toMatchObject({ ok: false, problem: { code: "malformed-json" } });
  });

  it.each([
    ["a stray byte", [0x22, 0xff, 0x22]],
    ["an overlong form", [0x22, 0xc0, 0x80, 0x22]],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a character cut short", [0x22, 0xe2, 0x82]],
    ["beyond U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ])("refuses %s as bad UTF-8", (_what, bytes) => {
    expect(parseJsonBody(Uint8Array.from(bytes))).toMatchObject({ ok: false, problem: { code: "bad-utf8" } });
  });

  it.each([
    ['{"a":{"b":["x","\\u0000"]}}', "/a/b/1"],
    ['"\\u0000"', ""],
    ['{"a":1,"b":"x\\ud800"}', "/b"],
    ['["\\udc00\\ud800"]', "/0"],
    ['[{"ok":1},{"a~/b":"\\uDFFF"}]', "/1/a~0~1b"],
    ['{"a":{"k\\u0000":1}}', "/a"],
    ['{"x":[],"\\ud83d":1}', ""],
    ['{"a":"\\\\\\u0000"}', "/a"],
  ])("refuses the character in %s", (text, pointer) => {
    expect(parse(text)).toMatchObject({ ok: false, problem: { code: "forbidden-character", pointer } });
  });

  it.each([
    ["9007199254740992", ""],
    ["[1,9007199254740993]", "/1"],
    ['{"id":-12345678901234567890}', "/id"],
    ["1152921504606846976", ""],
    ["0.1000000000000000055511151231257827", ""],
    ["123456789012345678.5", ""],
    ["1e400", ""],
    ["-1e400", ""],
    ["1e-400", ""],
    ["3.0e-324", ""],
    ['{"a":[{"b":[[],{"c":1.00000000000000001}]}]}', "/a/0/b/1/c"],
  ])("refuses the number in %s instead of changing it", (text, pointer) => {
    expect(parse(text)).toMatchObject({ ok: false, problem: { code: "number-not-exact", pointer } });
  });

  it.each([
    [nested(33), "/0".repeat(32)],
    [`${'{"a":'.repeat(33)}1${"}".repeat(33)}`, "/a".repeat(32)],
    [`[[],${nested(32)}]`, `/1${"/0".repeat(31)}`],
  ])("refuses what is nested deeper than 32: %s", (text, pointer) => {
    expect(parse(text)).toMatchObject({ ok: false, problem: { code: "too-deep", pointer } });
  });

  it("survives a body that is nothing but nesting", () => {
    expect(parse(nested(128 * 1024))).toMatchObject({ ok: false, problem: { code: "too-deep" } });
  });

  it("keeps __proto__ as an own property that changes no prototype", () => {
    const parsed = parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}');
    const value = parsed.ok ? parsed.value : undefined;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value ?? {})).toEqual(["__proto__", "constructor"]);
    expect({}).not.toHaveProperty("isAdmin");
  });
});

describe("checkJsonText", () => {
  it("finds nothing in what JSON.stringify makes of ordinary values", () => {
    const value = fc.jsonValue({ maxDepth: 6, stringUnit: "grapheme" });
    fc.assert(
      fc.property(value, (v) => {
        const text = JSON.stringify(v);
        fc.pre(!text.includes("\\u0000") && !/\d{16}/.test(text));
        expect(checkJsonText(text)).toBeUndefined();
      }),
    );
  });

  it("comes to the same answer by the quick pass as by the careful walk", () => {
    const unit = fc.constantFrom('"', "\\", "{", "[", "}", "]", "1", "e", "-", "u0000", "\u0000", "\ud800", "é");
    const text = fc.array(unit, { maxLength: 12 }).map((units) => units.join(""));
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(2 ** 53));
    const leaf = fc.oneof(text, number, fc.boolean(), fc.constant(null));
    const value = fc.oneof(fc.array(fc.dictionary(text, leaf)), fc.array(fc.array(leaf)), leaf);
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 3 }), (v, depthMax) => {
        const json = JSON.stringify(v);
        expect(checkJsonText(json, depthMax)).toEqual(findJsonProblem(json, depthMax));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes time in proportion to the text, whatever is in it", () => {
    const size = 256 * 1024;
    const hostile = [
      `"${"\\\\".repeat(size / 2)}"`,
      `"${'\\"'.repeat(size / 2)}"`,
      `1.${"0".repeat(size)}1`,
      `[${"1e1,".repeat(size / 4)}1]`,
      `[${'"\\ud83d\\ude00",'.repeat(size / 16)}1]`,
    ];
    const startMs = performance.now();
    for (const text of hostile) checkJsonText(text);
    expect(performance.now() - startMs).toBeLessThan(1500);
  });
});

describe("members that are there twice", () => {
  const pointerIn = (text: string) => {
    const parsed = parseJsonBody(Buffer.from(text));
    return parsed.ok ? undefined : parsed.problem;
  };
  it.each([
    ['{"a":1,"a":1}', "/a"],
    ['{"a":{"b":1,"c":[{"d":1,"d":2}]}}', "/a/c/0/d"],
    ['{"a":1,"\\u0061":2}', "/a"],
    ['{"__proto__":1,"__proto__":2}', "/__proto__"],
    ['{"a":"x:y","b":{"a":1},"a":2}', "/a"],
    ['{"n":1e2,"a":1,"a":2}', "/a"],
  ])("are refused at their place: %s", (text, pointer) => {
    expect(pointerIn(text)).toMatchObject({ code: "duplicate-member", pointer });
  });

  it.each([
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '{"a":"{\\"a\\":1}","b:":":"}',
    "[]",
    '":"',
    '{"__proto__":{"a":1}}',
  ])("aren't where the same name is in other objects: %s", (text) => expect(pointerIn(text)).toBeUndefined());
});
