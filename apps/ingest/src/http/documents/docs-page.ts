import { escapeXml } from "./flow-svg.ts";

type DocsPage = "http" | "kafka" | "flows";

const pages: readonly { page: DocsPage; path: string; title: string }[] = [
  { page: "http", path: "/docs", title: "HTTP API" },
  { page: "kafka", path: "/docs/kafka", title: "Kafka topics" },
  { page: "flows", path: "/docs/flows", title: "Flows" },
];

export interface PageContent {
  page: DocsPage;
  /** HTML. */
  main: string;
  /** More of the head: style sheets and scripts by their paths, since the policy allows none in line. */
  head?: string;
}

/** A page of `/docs`: its frame around what it is about. */
export function docsPage({ page, main, head = "" }: PageContent): string {
  const title = pages.find((each) => each.page === page)?.title ?? "";
  const links = pages.map((each) => {
    const current = each.page === page ? ' aria-current="page"' : "";
    return `<a href="${each.path}"${current}>${escapeXml(each.title)}</a>`;
  });
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${escapeXml(title)} · Postback</title>`,
    `${head}<link rel="stylesheet" href="/docs/style.css"></head><body>`,
    '<a class="skip" href="#main">To the content</a>',
    `<header><strong>Postback</strong><nav aria-label="Documents">${links.join("")}</nav>`,
    '<p class="raw"><a href="/openapi.json">openapi.json</a> <a href="/asyncapi.json">asyncapi.json</a></p></header>',
    `<main id="main">${main}</main></body></html>`,
  ].join("");
}
