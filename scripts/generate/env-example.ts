import type { ConfigRow } from "@postback/runtime";
import type { AppSettings } from "./app-settings.ts";

const intro = `# Made by \`npm run generate\` from each app's src/config.ts; docs/config.md has the same as tables.
# Copy it to .env, fill in what has no # before it, and start an app with
#   node --env-file=.env apps/ingest/src/main.ts
# What has a # shows the default.`;

interface SharedRow extends ConfigRow {
  apps: string[];
}

/**
 * `.env.example`: each variable once, with the apps that read it.
 * @throws Error when apps disagree about a variable in what one file for all of them can't express
 */
export const envExample = (apps: readonly AppSettings[]): string =>
  `${[intro, ...sharedRows(apps).map((row) => entry(row, apps.length))].join("\n\n")}\n`;

function sharedRows(apps: readonly AppSettings[]): SharedRow[] {
  const byVariable = new Map<string, SharedRow>();
  for (const { app, rows } of apps) {
    for (const row of rows) {
      const known = byVariable.get(row.variable);
      if (known === undefined) byVariable.set(row.variable, { ...row, apps: [app] });
      else addReader(known, row, app);
    }
  }
  return [...byVariable.values()];
}

function addReader(known: SharedRow, row: ConfigRow, app: string): void {
  if (known.default !== row.default || known.required !== row.required) {
    throw new Error(`${row.variable} has one default in ${known.apps.join(", ")} and another in ${app}`);
  }
  known.apps.push(app);
}

function entry(row: SharedRow, appCount: number): string {
  const readers = row.apps.length === appCount ? "" : ` (${row.apps.join(", ")})`;
  const line = `${row.variable}=${row.default ?? ""}`;
  return `# ${row.description}${readers}\n${row.required ? line : `#${line}`}`;
}
