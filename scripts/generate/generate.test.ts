import type { ConfigRow } from "@postback/runtime";
import { expect, test } from "vitest";
import { configPage } from "./config-page.ts";
import { envExample } from "./env-example.ts";
import { problemsPage } from "./problems-page.ts";

const row = (variable: string, more: Partial<ConfigRow> = {}): ConfigRow => ({
  variable,
  description: `What ${variable} is`,
  required: false,
  secret: false,
  ...more,
});

test("a table says of each variable whether it is required, its default, and whether it is secret", () => {
  const rows = [row("URL", { required: true, secret: true }), row("MODE", { default: "a|b" }), row("NAME")];
  const page = configPage([{ app: "ingest", rows }]);
  expect(page).toContain("## ingest");
  expect(page).toContain("| `URL` | **required** | What URL is. Secret: never printed |");
  expect(page).toContain("| `MODE` | `a\\|b` | What MODE is |");
  expect(page).toContain("| `NAME` |  | What NAME is |");
});

test("the environment file has a variable of two apps once, and what is required is to be filled in", () => {
  const url = row("URL", { required: true });
  const text = envExample([
    { app: "ingest", rows: [url, row("PORT", { default: "8080" })] },
    { app: "processor", rows: [url] },
  ]);
  expect(text).toContain("# What URL is\nURL=\n");
  expect(text).toContain("# What PORT is (ingest)\n#PORT=8080\n");
  expect(text.match(/^URL=/gm)).toHaveLength(1);
});

test("one environment file can't be made for apps that disagree about a default", () => {
  const apps = ["10", "20"].map((value, at) => ({ app: `app-${at}`, rows: [row("POOL_MAX", { default: value })] }));
  expect(() => envExample(apps)).toThrow("POOL_MAX has one default in app-0 and another in app-1");
});

test("problems come by status, each as the URI that an answer carries", () => {
  const statuses = [...problemsPage().matchAll(/^\| `https:\/\/postback\.dev\/problems\/[a-z-]+` \| (\d+) \|/gm)];
  const numbers = statuses.map(([, status]) => Number(status));
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers).toEqual(numbers.toSorted());
});
