import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSecret, parseSecret, signWebhook } from "@postback/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "./verify.ts";

const folder = mkdtempSync(join(tmpdir(), "postback-verify-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = import.meta.dirname;

/** What is checked: whether a webhook is believed. */
type Webhook = { secret: string; id: string; timestamp: string; signature: string; body: Buffer };
type Verifier = (webhook: Webhook) => boolean;

const secret = generateSecret();
const id = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const body = Buffer.from(JSON.stringify({ type: "order.placed", data: { name: "Zoë", text: "a\n\u2028%" } }));

/** As the dispatcher signs. */
function signed(secrets: readonly string[], secondsAgo = 0): Webhook {
  const timestampSeconds = Math.floor(Date.now() / 1000) - secondsAgo;
  const keys = secrets.map(parseSecret).filter((key) => key !== undefined);
  const signature = signWebhook({ id, timestampSeconds, body, secrets: keys });
  return { secret, id, timestamp: String(timestampSeconds), signature, body };
}

const run =
  (command: string, ...args: string[]): Verifier =>
  ({ secret: key, id: webhookId, timestamp, signature, body: input }) => {
    const ended = spawnSync(command, [...args, key, webhookId, timestamp, signature], { input, cwd: here });
    // Neither a yes nor a no is a program that broke, which must not pass for a no.
    if (ended.status !== 0 && ended.status !== 1) throw new Error(`${command}: ${ended.stderr}${ended.error ?? ""}`);
    if (ended.status === 1 && ended.stderr.length > 0) throw new Error(`${command}: ${ended.stderr}`);
    return ended.status === 0;
  };

const can = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const byNode: Verifier = ({ secret: key, id: webhookId, timestamp, signature, body: input }) =>
  verify(key, { "webhook-id": webhookId, "webhook-timestamp": timestamp, "webhook-signature": signature }, input);

/** Built once where it has to be; a toolchain that isn't on the machine is named in the test's name. */
const languages: { name: string; isHere: boolean; build?: [string, ...string[]]; verifier: Verifier }[] = [
  { name: "TypeScript", isHere: true, verifier: byNode },
  {
    name: "Python",
    isHere: can("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 10))"),
    verifier: run("python3", "-B", "main.py"),
  },
  {
    name: "Go",
    isHere: can("go", "version"),
    build: ["go", "build", "-o", join(folder, "verify"), "verify.go", "main.go"],
    verifier: run(join(folder, "verify")),
  },
  {
    name: "Java",
    isHere: can("javac", "--version"),
    build: ["javac", "-d", folder, "Verify.java"],
    verifier: run("java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", folder, "Verify"),
  },
];
const present = languages.filter(({ isHere }) => isHere);
const missing = languages.filter(({ isHere }) => !isHere).map(({ name }) => name);

describe(`verifying by hand${missing.length > 0 ? ` (not on this machine: ${missing.join(", ")})` : ""}`, () => {
  beforeAll(() => {
    for (const { build } of present) {
      if (build === undefined) continue;
      const [command, ...args] = build;
      const built = spawnSync(command, args, { cwd: here, env: { ...process.env, GO111MODULE: "off" } });
      if (built.status !== 0) throw new Error(`${command} can't build: ${built.stderr}`);
    }
  }, 240_000);

  it.each(present)(
    "in $name believes a webhook of ours, also while its secret is rotated, and no other",
    ({ verifier }) => {
      const other = generateSecret();
      const good = signed([secret]);
      const [version, digest = ""] = good.signature.split(",");
      const flipped = `${digest[0] === "A" ? "B" : "A"}${digest.slice(1)}`;
      const answers = {
        ours: verifier(good),
        rotated: verifier(signed([other, secret])),
        "a changed body": verifier({ ...good, body: Buffer.concat([body, Buffer.from(" ")]) }),
        "a changed id": verifier({ ...good, id: `${id.slice(0, -1)}2` }),
        "a changed time": verifier({ ...good, timestamp: String(Number(good.timestamp) - 1) }),
        "a changed signature": verifier({ ...good, signature: `${version},${flipped}` }),
        "another version": verifier({ ...good, signature: `v2,${digest}` }),
        "no signature": verifier({ ...good, signature: "" }),
        "another secret": verifier({ ...good, secret: other }),
        "an old one": verifier(signed([secret], 400)),
        "one of the future": verifier(signed([secret], -400)),
        "a time that is none": verifier({ ...good, timestamp: "now" }),
      };
      const believed = Object.entries(answers).filter(([, isBelieved]) => isBelieved);
      expect(believed.map(([what]) => what)).toEqual(["ours", "rotated"]);
    },
    60_000,
  );
});
