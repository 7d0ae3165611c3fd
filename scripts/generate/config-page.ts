import type { ConfigRow } from "@postback/runtime";
import type { AppSettings } from "./app-settings.ts";
import { markdownTable } from "./markdown-table.ts";

const intro = `# Configuration

Made by \`npm run generate\` from each app's \`src/config.ts\`; change it there.

Each app reads its environment once, when it starts. If something is wrong with it, the app names every problem and exits 1.
An empty variable counts as left out. [\`.env.example\`](../.env.example) has the variables of all three apps in one file.`;

/** `docs/config.md`: one table per app. */
export const configPage = (apps: readonly AppSettings[]): string => `${[intro, ...apps.map(section)].join("\n\n")}\n`;

const section = ({ app, rows }: AppSettings): string =>
  `## ${app}\n\n${markdownTable(["variable", "default", "meaning"], rows.map(cells))}`;

const cells = (row: ConfigRow): string[] => [`\`${row.variable}\``, defaultOf(row), meaningOf(row)];

function defaultOf({ default: value, required }: ConfigRow): string {
  if (required) return "**required**";
  return value ? `\`${value}\`` : "";
}

// `<id>` would be taken for an HTML tag.
const meaningOf = ({ description, secret }: ConfigRow): string =>
  (secret ? `${description}. Secret: never printed` : description).replaceAll("<", "\\<");
