import { expect, test } from "vitest";
import type { Output } from "./command.ts";
import { commands } from "./commands.ts";
import { run } from "./run.ts";

class Screen implements Output {
  readonly colours = false;
  readonly lines: string[] = [];
  readonly notes: string[] = [];
  line(text: string): void {
    this.lines.push(text);
  }
  note(text: string): void {
    this.notes.push(text);
  }
  progress(): void {
    // There is no terminal.
  }
}

async function postback(
  argv: readonly string[],
  env: Record<string, string> = {},
  signal = new AbortController().signal,
) {
  const out = new Screen();
  const readStdin = async () => "";
  const code = await run(commands, argv, { env, out, signal, readStdin, now: () => new Date() });
  return { code, lines: out.lines.join("\n"), notes: out.notes.join("\n") };
}

const settings = { POSTBACK_URL: "http://127.0.0.1:1", POSTBACK_API_KEY: "pb_dev_a_b" };

test("--help of the whole names every command, and is a result", async () => {
  const { code, lines } = await postback(["--help"]);
  expect(code).toBe(0);
  for (const { name } of commands) expect(lines).toContain(`  ${name} `);
});

test.each(commands.map(({ name }) => name))("%s --help says how to use it", async (name) => {
  const { code, lines } = await postback([...name.split(" "), "--help"]);
  expect(code).toBe(0);
  expect(lines).toContain(`Usage: postback ${name}`);
  expect(lines).toContain("--json");
});

test("no command shows the help as a mistake", async () => {
  expect(await postback([])).toMatchObject({ code: 2, lines: "", notes: expect.stringContaining("Commands:") });
});

test.each<[string, Record<string, string>, string]>([
  ["no URL", {}, "Set POSTBACK_URL"],
  ["no key", { POSTBACK_URL: "http://localhost:1" }, "Set POSTBACK_API_KEY"],
  ["a URL that is none", { POSTBACK_URL: "localhost:1" }, "begins with http"],
  ["a key with a line end", { ...settings, POSTBACK_API_KEY: "pb_a\nb" }, "characters that no API key has"],
])("%s says what to set", async (_, env, message) => {
  expect(await postback(["lag"], env)).toMatchObject({ code: 2, notes: expect.stringContaining(message) });
});

test("where nobody answers, it says where it asked and what to set", async () => {
  const { code, notes } = await postback(["submit", "a.b", "{}"], settings);
  expect(code).toBe(1);
  expect(notes).toContain("no answer from http://127.0.0.1:1");
  expect(notes).toContain("Set POSTBACK_URL, or --url.");
});

test.each<[string, string[], string]>([
  ["an input that is not JSON", ["submit", "a.b", "{"], "The input is not JSON"],
  ["a file that is not there", ["submit", "a.b", "@/nowhere.json"], "can't be read"],
  ["a time that is none", ["tail", "--since", "yesterday"], "--since is a time like"],
  ["an entity without a type", ["tail", "--entity", "order-1"], "--entity is like"],
  ["an endpoint without events", ["endpoints", "create", "https://a.example"], "--events"],
  ["a change of nothing", ["endpoints", "update", "1"], "Say what to change"],
  ["a replay from nowhere", ["replay", "1"], "Say from when on"],
  ["a wait that is too long", ["submit", "a.b", "{}", "--wait", "61"], "up to 60"],
])("%s is a mistake of the command line", async (_, argv, message) => {
  expect(await postback(argv, settings)).toMatchObject({ code: 2, lines: "", notes: expect.stringContaining(message) });
});

test("what was interrupted ends as shells have it, without a word", async () => {
  expect(await postback(["tail"], settings, AbortSignal.abort())).toEqual({ code: 130, lines: "", notes: "" });
});
