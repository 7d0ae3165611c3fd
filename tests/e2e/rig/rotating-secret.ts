import { setTimeout as sleep } from "node:timers/promises";
import type { EndpointSecret } from "@postback/contracts";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { ApiClient } from "./api-client.ts";
import type { Received } from "./scripted-receiver.ts";

/** When a secret was answered with, and when the next one was asked for and answered with; wall clock, ms. */
export interface SecretPhase {
  secret: string;
  answeredAtMs: number;
  nextAskedAtMs: number;
  nextAnsweredAtMs: number;
}

export interface RotateOptions {
  endpointId: string;
  /** The secret of before. */
  secret: string;
  rotations: number;
  intervalMs: number;
  overlapSeconds: number;
}

/** Rotates again and again. @throws when a rotation is refused */
export async function rotateAgainAndAgain(api: ApiClient, options: RotateOptions): Promise<SecretPhase[]> {
  const never = Number.POSITIVE_INFINITY;
  let current = { secret: options.secret, answeredAtMs: 0, nextAskedAtMs: never, nextAnsweredAtMs: never };
  const phases = [current];
  for (let n = 0; n < options.rotations; n += 1) {
    await sleep(options.intervalMs);
    current.nextAskedAtMs = Date.now();
    const path = `/endpoints/${options.endpointId}/secret/rotate`;
    const { overlapSeconds } = options;
    const { status, body } = await api.ask<EndpointSecret>("POST", path, { overlapSeconds });
    if (status !== 200 || body.secret === undefined) throw new Error(`rotation ${n + 1} was answered with ${status}`);
    current.nextAnsweredAtMs = Date.now();
    current = { ...current, secret: body.secret, answeredAtMs: current.nextAnsweredAtMs };
    current.nextAskedAtMs = never;
    current.nextAnsweredAtMs = never;
    phases.push(current);
  }
  return phases;
}

/** Publishes until it is stopped; `publishedAtMs` has when each event was begun to be published, by its id. */
export function startLoad(api: ApiClient, type: string, pauseMs: number) {
  const publishedAtMs = new Map<string, number>();
  let isStopped = false;
  const publish = async () => {
    while (!isStopped) {
      const atMs = Date.now();
      const { id } = await api.publish({ type, data: { n: publishedAtMs.size } });
      publishedAtMs.set(id, atMs);
      await sleep(pauseMs);
    }
  };
  const done = publish();
  return {
    publishedAtMs,
    stop: async () => {
      isStopped = true;
      await done;
    },
  };
}

export function isSignedBy(secret: string, { headers, body }: Received): boolean {
  try {
    new Webhook(secret).verify(body.toString("utf8"), headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

export interface SignatureLedger {
  /** Pairs of a webhook and a secret that was in force for certain while it was signed. */
  inForce: number;
  /** Pairs with one that had ended for certain. */
  ended: number;
  /** Pairs that should verify and don't, or do and shouldn't. */
  wrong: string[];
}

/** Holds every webhook against every secret of which it is certain whether it was in force. */
export function checkSignatures(
  webhooks: readonly Received[],
  publishedAtMs: ReadonlyMap<string, number>,
  phases: readonly SecretPhase[],
  overlapSeconds: number,
): SignatureLedger {
  const ledger: SignatureLedger = { inForce: 0, ended: 0, wrong: [] };
  const overlapMs = overlapSeconds * 1000;
  for (const webhook of webhooks) {
    // It was signed between its timestamp, which is cut to the second, and its arrival.
    const stampMs = Number(webhook.headers["webhook-timestamp"]) * 1000;
    const earliestMs = Math.max(stampMs, publishedAtMs.get(webhook.webhookId) ?? 0);
    for (const [index, phase] of phases.entries()) {
      const isInForce = phase.answeredAtMs <= earliestMs && webhook.atMs <= phase.nextAskedAtMs + overlapMs;
      const hasEnded = earliestMs > phase.nextAnsweredAtMs + overlapMs;
      if (!isInForce && !hasEnded) continue;
      ledger[isInForce ? "inForce" : "ended"] += 1;
      if (isSignedBy(phase.secret, webhook) !== isInForce) ledger.wrong.push(`${webhook.webhookId}, secret ${index}`);
    }
  }
  return ledger;
}
