import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { commands } from "./commands.ts";
import { completionScript } from "./completion-script.ts";

const execute = promisify(execFile);

/** What bash would offer after these words, of which the last is being written. */
async function offered(...words: string[]): Promise<string[]> {
  const quoted = ["postback", ...words].map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", commands)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _postback; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execute("bash", ["-c", script]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash offers commands, their further words, their options, and values", async () => {
  expect(await offered("en")).toEqual(["endpoints"]);
  expect(await offered("endpoints", "c")).toEqual(["create"]);
  expect(await offered("endpoints", "create", "https://a.example", "--ev")).toEqual(["--events"]);
  expect(await offered("deliveries", "1", "--status", "ex")).toEqual(["exhausted", "expired"]);
});

test.each(["zsh", "fish"] as const)("the script for %s knows every command and every option", (shell) => {
  const script = completionScript(shell, commands);
  for (const { name, options } of commands) {
    for (const word of name.split(" ")) expect(script).toContain(word);
    for (const option of Object.keys(options)) expect(script).toContain(option);
  }
});
