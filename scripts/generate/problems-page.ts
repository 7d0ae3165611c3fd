import { type ProblemName, problems, problemType } from "@postback/contracts";
import { markdownTable } from "./markdown-table.ts";

const intro = `# Problems

Made by \`npm run generate\` from \`packages/contracts/src/problem.ts\`; change it there.

Every refusal of the API is \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Its \`type\` is one of this list and decides its
status; \`detail\` says what is wrong and what to do about it, and \`errors\` names each field that breaks a rule, by JSON pointer.
Decide by \`type\`: titles and details are for people and may change.`;

/** `docs/problems.md`: each type of refusal, by status. */
export function problemsPage(): string {
  const names = Object.keys(problems) as ProblemName[];
  const byStatus = names.toSorted((a, b) => problems[a].status - problems[b].status);
  const rows = byStatus.map((name) => [
    `\`${problemType(name)}\``,
    String(problems[name].status),
    problems[name].title,
  ]);
  return `${intro}\n\n${markdownTable(["type", "status", "title"], rows)}\n`;
}
