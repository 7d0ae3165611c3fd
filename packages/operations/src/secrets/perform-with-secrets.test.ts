import { expect, test, vi } from "vitest";
import { z } from "zod";
import { defineOperation } from "../define-operation.ts";
import { type PerformStep, performStep } from "../perform-step.ts";
import { refuse } from "../refusal.ts";
import { Secrets } from "./secrets.ts";

const token = "s3cr3t/t0ken";
const secrets = new Secrets(new Map([["CARDS_TOKEN", token]]));
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

const charging = (does: (token: string) => string) =>
  defineOperation({
    type: "card.charge",
    revision: 1,
    input: z.object({ id: z.string() }),
    entity: { type: "card", id: ({ id }) => id },
    events: { "card.charged": z.object({ how: z.string() }) },
  })
    .task("charge", {
      secrets: { token: "CARDS_TOKEN", spare: { name: "SPARE_TOKEN", optional: true } },
      effect: "none",
      run: ({ secrets: { token, spare }, emit, log }) => {
        const isSpare: string | undefined = spare;
        const how = `${does(token)} ${isSpare}`;
        emit("card.charged", { how });
        log.info({ how, at: new Date(0), err: new Error(how) }, how);
        return { how, steps: [how], byToken: { [how]: 1 } };
      },
    })
    .result((outputs) => ({ how: outputs.charge.how }));

const perform = (definition: PerformStep["definition"], given?: Secrets) =>
  performStep({
    definition,
    stepName: "charge",
    direction: "run",
    operation: { id: "op-1", type: "card.charge", revision: 1, tenantId: "t", entity: { type: "card", id: "a" } },
    input: { id: "a" },
    outputs: {},
    attempt: 1,
    signal: new AbortController().signal,
    log,
    ...(given ? { secrets: given } : {}),
  });

test("a step gets its secrets by its own names for them, and only those that it names", async () => {
  const seen = vi.fn(() => "done");
  await perform(charging(seen), secrets);
  expect(seen).toHaveBeenCalledWith(token);
  // @ts-expect-error it names no such secret
  charging(() => "").task("more", { secrets: { key: "KEY" }, effect: "none", run: (context) => context.secrets.token });
});

test("what it gives, emits and logs of a secret is redacted, percent-encoded too", async () => {
  log.info.mockClear();
  const { outcome, emitted } = await perform(
    charging((value) => `with ${value} or ${encodeURIComponent(value)}`),
    secrets,
  );
  const how = "with [secret] or [secret] undefined";
  expect(outcome).toEqual({
    kind: "done",
    output: { how, steps: [how], byToken: { [how]: 1 } },
    result: { how },
  });
  expect(emitted).toEqual([{ type: "card.charged", data: { how } }]);
  expect(log.info).toHaveBeenCalledWith(
    { how, at: "1970-01-01T00:00:00.000Z", err: expect.objectContaining({ message: how }) },
    how,
  );
});

test.each([
  ["a refusal", (value: string) => refuse("declined", `The token ${value} is not known`)],
  ["an unknown error", (value: string) => new Error(`ECONNREFUSED https://x?key=${value}`)],
])("%s doesn't show it, neither in the operation nor in the log", async (_, errorOf) => {
  log.warn.mockClear();
  const performed = await perform(
    charging((value) => {
      throw errorOf(value);
    }),
    secrets,
  );
  expect(log.warn).toHaveBeenCalled();
  expect(JSON.stringify([performed, log.warn.mock.calls])).not.toContain(token);
});

test("is not run without them: its process was not to carry it", async () => {
  await expect(perform(charging(() => "done"))).rejects.toThrow("charge needs the secret CARDS_TOKEN");
});
