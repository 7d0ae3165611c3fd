import { typeOf } from "./type-of-schema.ts";

const intro = `// Made by \`npm run generate\` from the OpenAPI document; change the contracts (packages/contracts) and the paths
// (apps/ingest/src/http/documents/paths.ts) instead.`;

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema: Json;
}

interface OperationObject {
  summary: string;
  parameters?: readonly Parameter[];
  requestBody?: { content: Readonly<Record<string, { schema: Json }>> };
  responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Json }>> }>>;
}

/** What of an OpenAPI document of ours the types are made from. */
interface Document {
  paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  components: { schemas: Readonly<Record<string, Json>> };
}

/** `packages/client/src/api-types.ts`: a type for each schema, and for each call what goes in and what comes out. */
export function clientTypes(openapi: object): string {
  const { paths, components } = openapi as Document;
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `${comment(schema["description"])}export type ${name} = ${typeOf(schema, 0)};`,
  );
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => callOf(`${method.toUpperCase()} ${path}`, operation)),
  );
  return `${[intro, ...schemas, `/** Every call: its method and path → what goes in and what comes out. */\nexport interface Calls {\n${calls.join("\n")}\n}`].join("\n\n")}\n`;
}

function callOf(name: string, { summary, parameters = [], requestBody, responses }: OperationObject): string {
  const body = requestBody?.content["application/json"]?.schema;
  const fields = [
    ...(["path", "query", "header"] as const).flatMap((place) => parametersOf(place, parameters)),
    ...(body === undefined ? [] : [`body: ${typeOf(body, 2)};`]),
    `answer: ${answerOf(responses)};`,
  ];
  return `  ${comment(summary)}  ${JSON.stringify(name)}: {\n${fields.map((field) => `    ${field}`).join("\n")}\n  };`;
}

function parametersOf(place: Parameter["in"], all: readonly Parameter[]): string[] {
  const own = all.filter((parameter) => parameter.in === place);
  if (own.length === 0) return [];
  const fields = own.map(
    ({ name, required, schema }) =>
      `${JSON.stringify(name)}${required === true ? "" : "?"}: ${typeOf(schema, 3)}${required === true ? "" : " | undefined"}`,
  );
  return [`${place}${place === "path" ? "" : "?"}: { ${fields.join("; ")} };`];
}

/** Of all that is a success; a stream is no JSON, and asked for in another way. */
function answerOf(responses: OperationObject["responses"]): string {
  const types = Object.entries(responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([, { content }]) => content?.["application/json"]?.schema)
    .map((schema) => (schema === undefined ? "undefined" : typeOf(schema, 2)));
  return types.length === 0 ? "undefined" : [...new Set(types)].join(" | ");
}

const comment = (text: unknown): string =>
  typeof text === "string" ? `/** ${text.replaceAll("*/", "*\\/").replaceAll(/\s+/g, " ")} */\n` : "";
