import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { checkSignatures, type SecretPhase } from "./rotating-secret.ts";
import type { Received } from "./scripted-receiver.ts";

const secrets = [1, 2].map((n) => `whsec_${Buffer.alloc(32, n).toString("base64")}`) as [string, string];
const startMs = Math.floor(Date.now() / 1000) * 1000;
const never = Number.POSITIVE_INFINITY;
/** The second secret is answered after 10 s; the first one ends 5 s later. */
const phases: SecretPhase[] = [
  { secret: secrets[0], answeredAtMs: 0, nextAskedAtMs: startMs + 9_900, nextAnsweredAtMs: startMs + 10_000 },
  { secret: secrets[1], answeredAtMs: startMs + 10_000, nextAskedAtMs: never, nextAnsweredAtMs: never },
];

function webhook(atSeconds: number, signers: readonly string[]): Received {
  const at = new Date(startMs + atSeconds * 1000);
  const signature = signers.map((secret) => new Webhook(secret).sign("e", at, "{}")).join(" ");
  const headers = {
    "webhook-id": "e",
    "webhook-timestamp": String(at.getTime() / 1000),
    "webhook-signature": signature,
  };
  return { path: "/", webhookId: "e", headers, body: Buffer.from("{}"), atMs: at.getTime() + 50 };
}

const check = (atSeconds: number, signers: readonly string[]) =>
  checkSignatures([webhook(atSeconds, signers)], new Map(), phases, 5);

it.each([
  ["before the rotation", 1, [secrets[0]], { inForce: 1, ended: 0 }],
  ["while both sign", 12, secrets, { inForce: 2, ended: 0 }],
  ["after the end of the old one", 20, [secrets[1]], { inForce: 1, ended: 1 }],
] as const)("finds nothing wrong %s", (_when, atSeconds, signers, counts) => {
  expect(check(atSeconds, signers)).toEqual({ ...counts, wrong: [] });
});

it.each([
  ["the old one missing in the overlap", 12, [secrets[1]]],
  ["the new one missing after its answer", 12, [secrets[0]]],
  ["the old one after its end", 20, secrets],
  ["none at all", 1, []],
] as const)("finds %s", (_what, atSeconds, signers) => {
  expect(check(atSeconds, signers).wrong).toHaveLength(1);
});
