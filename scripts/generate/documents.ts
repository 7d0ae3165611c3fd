import { readFileSync } from "node:fs";
import { describeConfig } from "@postback/runtime";
import { configDefinition as ingest } from "../../apps/ingest/src/config.ts";
import { openapiDocument } from "../../apps/ingest/src/http/documents/openapi.ts";
import { configDefinition as processor } from "../../apps/processor/src/config.ts";
import { configDefinition as dispatcher } from "../../apps/webhook-dispatcher/src/config.ts";
import type { AppSettings } from "./app-settings.ts";
import { configPage } from "./config-page.ts";
import { envExample } from "./env-example.ts";
import { problemsPage } from "./problems-page.ts";

const apps: readonly AppSettings[] = [
  { app: "ingest", rows: describeConfig(ingest) },
  { app: "processor", rows: describeConfig(processor) },
  { app: "webhook-dispatcher", rows: describeConfig(dispatcher) },
];

/** Every generated document: its path in the repository → its text. */
export function documents(): Map<string, string> {
  return new Map([
    ["docs/config.md", configPage(apps)],
    [".env.example", envExample(apps)],
    ["docs/problems.md", problemsPage()],
    ["docs/openapi.json", `${JSON.stringify(openapiDocument(apiVersion()), undefined, 2)}\n`],
  ]);
}

function apiVersion(): string {
  const manifest = readFileSync(new URL("../../apps/ingest/package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(manifest);
  return version;
}
