import { type Command, UsageError } from "../command.ts";
import { completionScript, shells } from "../completion-script.ts";

/** Knows all commands but itself: it is asked for once, when a shell starts. */
export const completionOf = (commands: readonly Command[]): Command => ({
  name: "completion",
  summary: "Print a script that completes commands in bash, zsh or fish",
  args: [{ name: "shell", description: shells.join(", "), required: true }],
  options: {},
  needsNoServer: true,
  examples: ["source <(postback completion bash)", "postback completion fish | source"],
  async run({ args: [given = ""], out }) {
    const shell = shells.find((each) => each === given);
    if (shell === undefined)
      throw new UsageError(`There is a completion for ${shells.join(", ")}, not for "${given}".`);
    out.line(completionScript(shell, commands));
    return 0;
  },
});
