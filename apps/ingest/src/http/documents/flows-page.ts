import { docsPage } from "./docs-page.ts";
import { escapeXml, flowSvg } from "./flow-svg.ts";
import type { OperationFlow } from "./operation-flow.ts";

const intro = `<h1>Flows</h1>
<p>The way of a write of each operation type, made from the catalog that this process has loaded. On the left what is done, in order; on the right, along the dashed lines, what takes it back when a step fails for good or the operation is cancelled. A transaction that was rolled back needs no compensation: then it begins with the step before.</p>`;

/** `/docs/flows`: a drawing for each operation type. */
export const flowsPage = (flows: readonly OperationFlow[]): string =>
  docsPage({
    page: "flows",
    main: `${intro}${flows.length === 0 ? none : listOf(flows)}${flows.map(section).join("")}`,
  });

const none = "<p>No catalog is loaded: set <code>POSTBACK_CATALOG</code>.</p>";

const idOf = ({ type }: OperationFlow): string => escapeXml(`type-${type}`);

const listOf = (flows: readonly OperationFlow[]): string =>
  `<ul class="types">${flows.map((flow) => `<li><a href="#${idOf(flow)}">${escapeXml(flow.type)}</a></li>`).join("")}</ul>`;

const section = (flow: OperationFlow): string =>
  `<section><h2 id="${idOf(flow)}">${escapeXml(flow.type)}</h2><div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(flow.type)}">${flowSvg(flow)}</div></section>`;
