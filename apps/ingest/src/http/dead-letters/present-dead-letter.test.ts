import { deadLetterSchema } from "@postback/contracts";
import type { FoundDeadLetter } from "@postback/database";
import { newId } from "@postback/domain";
import { expect, test } from "vitest";
import type { Caller } from "../../auth/known-keys.ts";
import { lettersFor, presentDeadLetter, presentWhole } from "./present-dead-letter.ts";

const tenantId = newId();
const callerWith = (scopes: string[], of = tenantId): Caller => ({ tenantId: of, keyId: "k", scopes: new Set(scopes) });
const operator = callerWith(["operator"]);
const platform = callerWith(["platform"], newId());

const letter: FoundDeadLetter = {
  topic: "commands",
  partition: 2,
  offset: 42,
  tenantId,
  reason: "unreadable-body",
  detail: "Unexpected token 'S', \"Secret\" is not valid JSON",
  createdAt: new Date(1_790_000_000_000),
  createdAtUs: 1_790_000_000_000_000,
  redrivenAt: null,
  redrivenPartition: null,
  redrivenOffset: null,
  discardedAt: null,
  key: Buffer.from("key"),
  header: null,
  body: Buffer.from("Secret"),
};

test("the tenant's operator sees the message and what was wrong with it", () => {
  const shown = deadLetterSchema.parse(presentWhole(letter, operator));
  expect(shown).toMatchObject({ tenantId, status: "open", detail: letter.detail });
  expect(shown.message).toEqual({ key: letter.key?.toString("base64"), body: letter.body?.toString("base64") });
});

test.each([
  ["the platform", platform],
  ["a platform key of the tenant that is no operator", callerWith(["platform"])],
  ["an operator of another tenant with the scope platform", callerWith(["platform", "operator"], newId())],
])("%s sees reason and place, and nothing of the message", (_, caller) => {
  const shown = presentWhole(letter, caller);
  expect(shown).toMatchObject({ tenantId, reason: "unreadable-body", topic: "commands", partition: 2, offset: 42 });
  expect(JSON.stringify(shown)).not.toContain("ecret");
  expect([shown.message, shown.detail]).toEqual([undefined, undefined]);
});

test("of a message without a tenant the platform sees what was wrong, and not the message", () => {
  const shown = presentWhole({ ...letter, tenantId: null, detail: "the header pb is missing" }, platform);
  expect(shown).toMatchObject({ detail: "the header pb is missing" });
  expect([shown.message, shown.tenantId]).toEqual([undefined, undefined]);
});

test("a list is without messages", () => {
  expect(presentDeadLetter(letter, operator).message).toBeUndefined();
});

test("an operator's letters are its tenant's, the platform's are all", () => {
  expect([lettersFor(operator), lettersFor(platform)]).toEqual([{ tenantId }, "anyone"]);
});

test("a letter that was redriven says where its message is, and one that was discarded when", () => {
  const at = new Date(1_790_000_001_000);
  const redriven = presentDeadLetter({ ...letter, redrivenAt: at, redrivenPartition: 3, redrivenOffset: 7 }, operator);
  expect(redriven).toMatchObject({
    status: "redriven",
    redrivenAt: at.toISOString(),
    redrivenTo: { partition: 3, offset: 7 },
  });
  const discarded = presentDeadLetter({ ...letter, discardedAt: at }, operator);
  expect(discarded).toMatchObject({ status: "discarded", discardedAt: at.toISOString() });
});
