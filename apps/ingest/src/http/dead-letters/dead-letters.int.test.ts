import { type DeadLetter, packHeader, problemType } from "@postback/contracts";
import { type DeadLetterRow, recordDeadLetters } from "@postback/database";
import { newId } from "@postback/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

let ingest: RunningIngest;
let operator: string;
let stranger: string;
let platform: string;

beforeAll(async () => {
  ingest = await startIngest();
  operator = await ingest.apiKey({ scopes: ["operator"] });
  stranger = await ingest.apiKey({ scopes: ["operator"], tenantId: newId() });
  platform = await ingest.apiKey({ scopes: ["platform"] });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

interface Page {
  data: DeadLetter[];
  nextCursor?: string;
}

async function call<T>(method: string, path: string, { key = operator, body }: { key?: string; body?: object } = {}) {
  const response = await fetch(`${ingest.url}/v1/dead-letters${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as T };
}

let offsets = 0;
/** Puts letters of the tenant into the list, as processors and dispatchers do; each test has a topic's name of its own. */
async function given(count: number, changes: Partial<DeadLetterRow> = {}): Promise<DeadLetterRow[]> {
  const rows = Array.from({ length: count }, (): DeadLetterRow => {
    offsets += 1;
    return {
      topic: ingest.topics.commands,
      partition: 1,
      offset: offsets,
      tenantId: ingest.tenantId,
      reason: "unreadable-body",
      detail: "the body is not JSON",
      key: Buffer.from("key").toString("base64"),
      header: Buffer.from(packHeader({ v: 1, tenant: ingest.tenantId })).toString("base64"),
      body: Buffer.from("Secret").toString("base64"),
      ...changes,
    };
  });
  await recordDeadLetters(ingest.db, rows);
  return rows;
}

const idsOf = ({ data }: Page) => data.map(({ id }) => id);

/** The only letter that is listed under a detail. */
async function listed(detail: string, key = operator): Promise<DeadLetter> {
  const { json } = await call<Page>("GET", "?limit=200", { key });
  const found = json.data.filter((letter) => letter.detail === detail);
  expect(found).toHaveLength(1);
  return found[0] as DeadLetter;
}

test("letters are listed to the tenant's operator, shown with their message, and are nothing to another tenant", async () => {
  await given(1, { detail: "mine" });
  const letter = await listed("mine");
  expect(letter).toMatchObject({ tenantId: ingest.tenantId, reason: "unreadable-body", status: "open" });
  expect(letter.message).toBeUndefined();
  const shown = await call<DeadLetter>("GET", `/${letter.id}`);
  expect(shown.json).toEqual({
    ...letter,
    message: {
      key: Buffer.from("key").toString("base64"),
      header: Buffer.from(packHeader({ v: 1, tenant: ingest.tenantId })).toString("base64"),
      body: Buffer.from("Secret").toString("base64"),
    },
  });
  expect((await call<Page>("GET", "", { key: stranger })).json.data).toEqual([]);
  const before = await ingest.messagesWritten();
  for (const [method, path] of [
    ["GET", ""],
    ["POST", "/redrive"],
    ["POST", "/discard"],
  ] as const) {
    expect((await call(method, `/${letter.id}${path}`, { key: stranger })).status).toBe(404);
  }
  const redriven = await call("POST", "/redrive", { key: stranger, body: {} });
  expect(redriven.json).toEqual({ count: 0, more: false, dryRun: false });
  expect(await ingest.messagesWritten()).toBe(before);
});

test("the platform sees every tenant's letters and those of nobody, and no message", async () => {
  await given(1, { detail: "a tenant's: Secret" });
  await given(1, { detail: "nobody's", tenantId: undefined, reason: "unreadable-header", header: undefined });
  const nobodys = await listed("nobody's", platform);
  const tenants = await listed("a tenant's: Secret");
  const shown = await Promise.all(
    [nobodys, tenants].map(({ id }) => call<DeadLetter>("GET", `/${id}`, { key: platform })),
  );
  expect(shown.map(({ json }) => [json.reason, json.tenantId, json.detail, json.message])).toEqual([
    ["unreadable-header", undefined, "nobody's", undefined],
    ["unreadable-body", ingest.tenantId, undefined, undefined],
  ]);
  expect((await call("GET", `/${nobodys.id}`)).status).toBe(404);
});

test("pages go on where the one before ended", async () => {
  await given(5, { reason: "id-reused" });
  const all = await call<Page>("GET", "?reason=id-reused");
  const ids: string[] = [];
  for (let cursor = ""; ; ) {
    const { json } = await call<Page>("GET", `?reason=id-reused&limit=2${cursor}`);
    ids.push(...idsOf(json));
    if (json.nextCursor === undefined) break;
    cursor = `&cursor=${json.nextCursor}`;
  }
  expect([ids.length, ids]).toEqual([5, idsOf(all.json)]);
});

test("a letter is redriven once, then only by force", async () => {
  await given(1, { detail: "once" });
  const { id } = await listed("once");
  const before = await ingest.messagesWritten();
  const first = await call<DeadLetter>("POST", `/${id}/redrive`);
  expect(first).toMatchObject({ status: 200, json: { id, status: "redriven", redrivenTo: { partition: 1 } } });
  const again = await call("POST", `/${id}/redrive`);
  expect(again).toMatchObject({ status: 409, json: { type: problemType("dead-letter-settled") } });
  const discarded = await call("POST", `/${id}/discard`);
  expect(discarded).toMatchObject({ status: 409, json: { type: problemType("dead-letter-settled") } });
  expect(await ingest.messagesWritten()).toBe(before + 1);
  const forced = await call<DeadLetter>("POST", `/${id}/redrive?force=true`);
  expect(forced.json.redrivenTo?.offset).toBe((first.json.redrivenTo?.offset ?? 0) + 1);
  expect(await ingest.messagesWritten()).toBe(before + 2);
});

test("a discarded letter stays away from redrives, until it is forced", async () => {
  await given(1, { detail: "discarded", reason: "wrong-partition" });
  const { id } = await listed("discarded");
  for (const _ of ["first", "again"]) {
    const answer = await call<DeadLetter>("POST", `/${id}/discard`);
    expect(answer).toMatchObject({ status: 200, json: { status: "discarded", discardedAt: expect.any(String) } });
  }
  expect((await call("POST", `/${id}/redrive`)).status).toBe(409);
  expect((await call("POST", "/redrive", { body: { reason: "wrong-partition" } })).json).toMatchObject({ count: 0 });
  expect((await call("POST", `/${id}/redrive?force=true`)).json).toMatchObject({ status: "redriven" });
  expect((await call<DeadLetter>("GET", `/${id}`)).json.discardedAt).toBeUndefined();
});

test("a message without our header can't be redriven", async () => {
  await given(1, { detail: "headerless", tenantId: undefined, reason: "unreadable-header", header: undefined });
  const { id } = await listed("headerless", platform);
  const { status, json } = await call("POST", `/${id}/redrive`, { key: platform });
  expect([status, json]).toEqual([409, expect.objectContaining({ type: problemType("dead-letter-without-header") })]);
});

test("a redrive by filter counts first, then sends each letter once, in the order of the log", async () => {
  await given(120, { reason: "rejected-by-database", partition: 2 });
  const filter = { reason: "rejected-by-database", topic: ingest.topics.commands };
  const before = await ingest.messagesWritten();
  const counted = await call("POST", "/redrive", { body: { ...filter, dryRun: true } });
  expect(counted).toMatchObject({ status: 200, json: { count: 120, more: false, dryRun: true } });
  expect(await ingest.messagesWritten()).toBe(before);
  const done = await call("POST", "/redrive", { body: filter });
  expect(done.json).toEqual({ count: 120, more: false, dryRun: false });
  expect(await ingest.messagesWritten()).toBe(before + 120);
  const { json } = await call<Page>("GET", "?reason=rejected-by-database&limit=200");
  const inOrder = json.data.toSorted((a, b) => a.offset - b.offset).map(({ redrivenTo }) => redrivenTo);
  expect(inOrder).toEqual(inOrder.map((_, n) => ({ partition: 2, offset: (inOrder[0]?.offset ?? 0) + n })));
  expect((await call("POST", "/redrive", { body: filter })).json).toMatchObject({ count: 0 });
});

test("a redrive by filter is bounded, and says when there is more", async () => {
  await given(1_001, { reason: "too-old", body: undefined });
  const counted = await call("POST", "/redrive", { body: { reason: "too-old", dryRun: true } });
  expect(counted.json).toEqual({ count: 1_000, more: true, dryRun: true });
});

test.each([
  ["GET", "?reason=bored", undefined, 400, "invalid-query"],
  ["GET", "?since=yesterday", undefined, 400, "invalid-query"],
  ["GET", "?cursor=x", undefined, 400, "invalid-cursor"],
  ["GET", "/dlt_x", undefined, 404, "not-found"],
  ["POST", "/dlt_x/redrive", undefined, 404, "not-found"],
  ["POST", "/redrive", { reason: "bored" }, 422, "invalid-input"],
  ["POST", "/redrive", { topics: "commands" }, 422, "invalid-input"],
] as const)("%s %s with %j is %i", async (method, path, body, status, name) => {
  const answer = await call(method, path, body === undefined ? {} : { body });
  expect(answer).toMatchObject({ status, json: { type: problemType(name) } });
});

test("a key that is neither an operator's nor the platform's may do none of it", async () => {
  const key = await ingest.apiKey({ scopes: ["operations:write", "operations:read"] });
  expect((await call("GET", "", { key })).status).toBe(403);
  expect((await call("POST", "/redrive", { key, body: {} })).status).toBe(403);
});
