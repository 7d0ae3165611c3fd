import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Router } from "@koa/router";
import { joinCatalogs } from "@postback/operations";
import Koa from "koa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentRoutes } from "./routes.ts";

const router = new Router();
documentRoutes(router, { version: "1.0.0", topicPrefix: "", catalog: joinCatalogs([]) });
const server = new Koa().use(router.routes()).listen(0, "127.0.0.1");
let url: string;
beforeAll(async () => {
  if (!server.listening) await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test.each(["/docs", "/docs/kafka", "/docs/flows"])(
  "%s loads nothing from elsewhere and has nothing in line",
  async (path) => {
    const response = await fetch(`${url}${path}`);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    const html = await response.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/);
    const loaded = [...html.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => file);
    expect(loaded.length).toBeGreaterThan(0);
    for (const file of loaded) {
      expect(file).toMatch(/^\/docs\//);
      expect((await fetch(`${url}${file}`)).status).toBe(200);
    }
  },
);

test("what a browser has of the files is not sent again", async () => {
  const first = await fetch(`${url}/docs/style.css`);
  const etag = first.headers.get("etag") ?? "";
  expect(first.headers.get("content-encoding")).toBe("gzip");
  expect(await first.text()).toContain("prefers-color-scheme: dark");
  expect(
    (await fetch(`${url}/docs/style.css`, { headers: { "if-none-match": etag, "cache-control": "max-age=0" } })).status,
  ).toBe(304);
});

test("both documents are open to everybody", async () => {
  expect(await (await fetch(`${url}/openapi.json`)).json()).toHaveProperty("openapi");
  expect(await (await fetch(`${url}/asyncapi.json`)).json()).toHaveProperty("asyncapi", "3.0.0");
});
