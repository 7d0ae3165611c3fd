import type { ReceivedWebhook } from "./demo-receiver.ts";

const style = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  article { border: 1px solid #8884; border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
  header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
  header strong { font-size: 1.05rem; }
  time, code { opacity: .7; font-size: .85rem; }
  .right { color: #1a7f37; } .wrong { color: #cf222e; }
  pre { overflow-x: auto; margin: .5rem 0 0; font-size: .85rem; }
`;

/** The page of the demo receiver: what arrived, the newest first. It loads itself again every 2 s. */
export function receivedPage(received: readonly ReceivedWebhook[]): string {
  const list = received.map(article).join("") || "<p>Nothing has arrived yet.</p>";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2">
<title>Demo receiver</title><style>${style}</style>
</head>
<body>
<h1>Demo receiver</h1>
<p>Webhooks that arrived here, each verified with the npm package <code>standardwebhooks</code>. The last 100, the newest first.</p>
${list}
</body>
</html>
`;
}

function article({ at, headers, body, whyUnverified }: ReceivedWebhook): string {
  const { type, shown } = readBody(body);
  const verdict =
    whyUnverified === undefined
      ? '<span class="right">✓ verified</span>'
      : `<span class="wrong">✗ not verified: ${escaped(whyUnverified)}</span>`;
  return `<article>
<header><strong>${escaped(type)}</strong>${verdict}<time>${at.toISOString()}</time></header>
<code>${escaped(headers["webhook-id"] ?? "without webhook-id")}</code>
<pre>${escaped(shown)}</pre>
</article>
`;
}

function readBody(body: string): { type: string; shown: string } {
  try {
    const event: unknown = JSON.parse(body);
    const isTyped = typeof event === "object" && event !== null && "type" in event;
    return { type: isTyped ? String(event.type) : "without type", shown: JSON.stringify(event, null, 2) };
  } catch {
    // Anybody on this machine can post here: it is shown as what it is.
    return { type: "not JSON", shown: body };
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
