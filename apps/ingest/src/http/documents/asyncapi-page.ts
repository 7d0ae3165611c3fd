import { flows } from "./asyncapi-topics.ts";
import { docsPage } from "./docs-page.ts";
import { escapeXml } from "./flow-svg.ts";
import type { JsonObject } from "./schemas.ts";

interface Channel {
  address: string;
  title: string;
  description: string;
  messages: Readonly<Record<string, unknown>>;
  bindings: { kafka: { topicConfiguration: Readonly<Record<string, unknown>> } };
}

interface Message {
  title: string;
  summary: string;
  payload?: unknown;
  headers?: unknown;
  examples?: readonly { payload?: unknown }[];
}

/** What the page shows of an AsyncAPI document of ours. */
interface Shown {
  info: { description: string };
  channels: Readonly<Record<string, Channel>>;
  components: { schemas: Readonly<Record<string, unknown>>; messages: Readonly<Record<string, Message>> };
}

/** `/docs/kafka`: topics, who writes and reads them, messages and schemas, of a document that `asyncapiDocument` made. */
export function asyncapiPage(document: JsonObject): string {
  const { info, channels, components } = document as unknown as Shown;
  const topics = Object.entries(channels).map(([name, channel]) => topic(name, channel, components.messages));
  const schemas = Object.entries(components.schemas).map(([name, schema]) => folded(`schema-${name}`, name, schema));
  return docsPage({
    page: "kafka",
    main: `<h1>Kafka topics</h1><p>${escapeXml(info.description)}</p>${topics.join("")}<section><h2>Schemas</h2>${schemas.join("")}</section>`,
  });
}

function topic(name: string, channel: Channel, messages: Shown["components"]["messages"]): string {
  const users = flows
    .filter((flow) => flow.channel === name)
    .map(({ app, action, summary, group }) => [
      `<b>${app}</b>`,
      action === "send" ? "writes" : "reads",
      group === undefined ? "" : `<code>${escapeXml(group)}</code>`,
      escapeXml(summary),
    ]);
  const settings = Object.entries(channel.bindings.kafka.topicConfiguration).map(
    ([key, value]) => `<code>${escapeXml(`${key}=${String(value)}`)}</code>`,
  );
  const own = Object.keys(channel.messages).flatMap((key) => {
    const found = messages[key];
    return found === undefined ? [] : [message(key, found)];
  });
  return `<section><h2 id="topic-${escapeXml(name)}"><code>${escapeXml(channel.address)}</code></h2><p>${escapeXml(channel.description)}</p><p class="settings">${settings.join(" ")}</p>${table(["app", "", "group", "what"], users)}<h3>Messages</h3>${own.join("")}</section>`;
}

const message = (name: string, { title, summary, ...rest }: Message): string => {
  const { headers, payload, examples = [] } = rest;
  const parts = [
    ["Headers", headers],
    ["Value", payload],
    ...examples.map((example) => ["Example", example.payload] as const),
  ] as const;
  const shown = parts
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `<h4>${label}</h4>${json(value)}`);
  return `<details id="message-${escapeXml(name)}"><summary>${escapeXml(title)}</summary><p>${escapeXml(summary).replaceAll(/`([^`]+)`/g, "<code>$1</code>")}</p>${shown.join("")}</details>`;
};

const folded = (id: string, title: string, value: unknown): string =>
  `<details id="${escapeXml(id)}"><summary><code>${escapeXml(title)}</code></summary>${json(value)}</details>`;

/** A reference to a schema leads to it on this page. */
const json = (value: unknown): string => {
  const text = escapeXml(JSON.stringify(value, undefined, 2));
  const linked = text.replaceAll(/#\/components\/schemas\/([\w.-]+)/g, '<a href="#schema-$1">$&</a>');
  return `<pre tabindex="0">${linked}</pre>`;
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<div class="scroll"><table>${line("th", head)}${rows.map((row) => line("td", row)).join("")}</table></div>`;
};
