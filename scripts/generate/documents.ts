import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadCatalogs } from "@postback/operations";
import { describeConfig } from "@postback/runtime";
import { configDefinition as ingest } from "../../apps/ingest/src/config.ts";
import { asyncapiDocument } from "../../apps/ingest/src/http/documents/asyncapi.ts";
import { openapiDocument } from "../../apps/ingest/src/http/documents/openapi.ts";
import { configDefinition as processor } from "../../apps/processor/src/config.ts";
import { configDefinition as dispatcher } from "../../apps/webhook-dispatcher/src/config.ts";
import type { AppSettings } from "./app-settings.ts";
import { clientTypes } from "./client-types.ts";
import { configPage } from "./config-page.ts";
import { envExample } from "./env-example.ts";
import { flowsDocument } from "./flows-document.ts";
import { problemsPage } from "./problems-page.ts";

const apps: readonly AppSettings[] = [
  { app: "ingest", rows: describeConfig(ingest) },
  { app: "processor", rows: describeConfig(processor) },
  { app: "webhook-dispatcher", rows: describeConfig(dispatcher) },
];

/** The catalog that everyone tries first: what is drawn and named of it is an example for other catalogs. */
const exampleCatalog = "./examples/shop/src/catalog.ts";

/** Every generated document: its path in the repository → its text. */
export async function documents(): Promise<Map<string, string>> {
  const version = apiVersion();
  const catalog = await loadCatalogs(exampleCatalog, { from: fileURLToPath(new URL("../..", import.meta.url)) });
  const openapi = openapiDocument(version);
  return new Map([
    ["docs/config.md", configPage(apps)],
    [".env.example", envExample(apps)],
    ["docs/problems.md", problemsPage()],
    ["docs/openapi.json", jsonText(openapi)],
    ["docs/asyncapi.json", jsonText(asyncapiDocument({ version, prefix: "", catalog }))],
    ["docs/flows.md", flowsDocument(catalog)],
    ["packages/client/src/api-types.ts", clientTypes(openapi)],
  ]);
}

const jsonText = (document: object): string => `${JSON.stringify(document, undefined, 2)}\n`;

function apiVersion(): string {
  const manifest = readFileSync(new URL("../../apps/ingest/package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(manifest);
  return version;
}
