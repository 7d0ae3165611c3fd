import type { Command } from "./command.ts";
import { globalOptions } from "./global-options.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** A script that teaches a shell the commands, their options, and the values that an option is one of. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === "fish") return fish(commands);
  return shell === "bash" ? bash(commands) : zsh(commands);
}

const optionNames = ({ options }: Command): string[] =>
  Object.keys({ ...options, ...globalOptions }).map((name) => `--${name}`);

/** What may come after the words so far: the further words of commands that begin with them, and the options of that command. */
function candidates(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const after = new Map<string, string[]>();
  const add = (words: string, more: readonly string[]) => after.set(words, [...(after.get(words) ?? []), ...more]);
  for (const command of commands) {
    const words = command.name.split(" ");
    words.forEach((word, at) => {
      const before = words.slice(0, at).join(" ");
      if (!after.get(before)?.includes(word)) add(before, [word]);
    });
    add(command.name, optionNames(command));
  }
  return after;
}

/** The cases of a `case` statement, the longest words first, because the first that fits is taken. */
function cases(commands: readonly Command[], line: (words: readonly string[]) => string): string {
  const sorted = [...candidates(commands)].toSorted(([a], [b]) => b.length - a.length);
  return sorted.map(([words, more]) => `    "${words}"*) ${line(more)} ;;`).join("\n");
}

/** Right after an option that is one of some values, these: what the words so far begin and end with. */
function valueCases(commands: readonly Command[], line: (values: readonly string[]) => string): string {
  const sorted = commands.toSorted((a, b) => b.name.length - a.name.length);
  const found = sorted.flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, { choices }]) =>
      choices === undefined ? [] : [`    "${name}"*" --${option}") ${line(choices)} ;;`],
    ),
  );
  return found.join("\n");
}

const bash = (commands: readonly Command[]): string => {
  const offer = (words: readonly string[]) => `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur"))`;
  return `# source <(postback completion bash)
_postback() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  case "$before" in
${valueCases(commands, offer)}
${cases(commands, offer)}
  esac
}
complete -o default -F _postback postback`;
};

const zsh = (commands: readonly Command[]): string => {
  const offer = (words: readonly string[]) => `compadd -- ${words.join(" ")}`;
  return `#compdef postback
# source <(postback completion zsh)
_postback() {
  local before="\${words[2,CURRENT-1]}"
  case "$before" in
${valueCases(commands, offer)}
${cases(commands, offer)}
  esac
}
compdef _postback postback`;
};

function fish(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const [first = "", second] = command.name.split(" ");
    const seen = `__fish_seen_subcommand_from ${first}`;
    const word =
      second === undefined
        ? `complete -c postback -n __fish_use_subcommand -a ${first} -d ${quoted(command.summary)}`
        : `complete -c postback -n ${quoted(`${seen}; and not __fish_seen_subcommand_from ${second}`)} -a ${second} -d ${quoted(command.summary)}`;
    const condition = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`;
    const options = Object.entries({ ...command.options, ...globalOptions }).map(([name, option]) => {
      const values = option.choices === undefined ? "" : ` -a ${quoted(option.choices.join(" "))}`;
      return `complete -c postback -n ${quoted(condition)} -l ${name}${option.type === "string" ? " -r" : ""}${values} -d ${quoted(option.description)}`;
    });
    return [word, ...options];
  });
  return `# postback completion fish | source\ncomplete -c postback -f\n${lines.join("\n")}`;
}
