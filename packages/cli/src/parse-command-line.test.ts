import { expect, test } from "vitest";
import { type Command, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { parseCommandLine } from "./parse-command-line.ts";

const parse = (...argv: string[]) => parseCommandLine(commands, argv);

test("of two commands that fit, the one with more words is meant", () => {
  expect(parse("endpoints").command?.name).toBe("endpoints");
  const created = parse("endpoints", "create", "https://a.example", "--events", "a.*", "--events", "b.*");
  expect(created.command?.name).toBe("endpoints create");
  expect(created.args).toEqual(["https://a.example"]);
  expect(created.given.list("events")).toEqual(["a.*", "b.*"]);
});

test("no command is one that asks for the help", () => {
  expect(parse().command).toBeUndefined();
  expect(parse("--help").given.flag("help")).toBe(true);
  expect(parse("get", "-h").command?.name).toBe("get");
});

test.each<[string, string[], RegExp]>([
  ["a command that there is not", ["endpont"], /no command "endpont".*postback endpoints/],
  ["an argument that is missing", ["get"], /needs id: of the operation/],
  ["an argument too many", ["get", "1", "2"], /doesn't know what "2" is for/],
  ["an option that there is not", ["get", "1", "--fast"], /--fast/],
  ["a value that an option can't have", ["deliveries", "1", "--status", "lost"], /--status is pending, .*not "lost"/],
])("says what is wrong with %s", (_, argv, message) => {
  expect(() => parse(...argv)).toThrow(UsageError);
  expect(() => parse(...argv)).toThrow(message);
});

test("every command has a name of its own, and none hides an option of all", () => {
  const names = commands.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const hides = ({ options }: Command) => ["url", "json", "help"].some((name) => name in options);
  expect(commands.filter(hides)).toEqual([]);
});
