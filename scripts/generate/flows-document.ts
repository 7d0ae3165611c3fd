import type { Catalog } from "@postback/operations";
import { flowMermaid } from "../../apps/ingest/src/http/documents/flow-mermaid.ts";
import { flowsOf, type OperationFlow } from "../../apps/ingest/src/http/documents/operation-flow.ts";

const intro = `# Flows

Made by \`npm run generate\` from the shop's catalog. A running ingest draws those of the catalogs that it has loaded, at \`/docs/flows\`.

From the top: the request, the topic, the steps in their order, the events, and those who subscribe. The dashed lines are taken when a step fails for good, or the operation is cancelled: compensations, from the last step back to the first.
A transaction that was rolled back needs no compensation, so the way back begins with the step before it ([define an operation](define-an-operation.md)).`;

/** `docs/flows.md`: a drawing for each operation type of a catalog. */
export const flowsDocument = ({ operations }: Pick<Catalog, "operations">): string =>
  `${[intro, ...flowsOf(operations).map(section)].join("\n\n")}\n`;

const section = (flow: OperationFlow): string => `## ${flow.type}\n\n\`\`\`mermaid\n${flowMermaid(flow)}\n\`\`\``;
