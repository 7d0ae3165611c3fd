import { type RedrivenDeadLetters, redriveDeadLettersSchema } from "@postback/contracts";
import type { FoundDeadLetter } from "@postback/database";
import type { Logger } from "@postback/runtime";
import { z } from "zod";
import { Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { readQuery } from "../page.ts";
import { lettersFor, presentWhole, statusOf } from "./present-dead-letter.ts";
import { filterOf, letterInPath, type ReadDeadLettersOptions } from "./read-dead-letters.ts";
import { isRedrivable, type RedriveOptions, redrive, redriveSelected } from "./redrive.ts";

export interface SettleDeadLettersOptions extends ReadDeadLettersOptions {
  store: ReadDeadLettersOptions["store"] & Pick<IngestStore, "discardDeadLetter">;
  redriving: RedriveOptions;
  logger: Logger;
}

const forceQuery = { force: z.enum(["true", "false"]).default("false") };

/** Sends one letter again. Of what was decided already only `force` thinks better. */
export function redriveDeadLetter(options: SettleDeadLettersOptions): Handler {
  return async (ctx, caller) => {
    const { force } = readQuery(ctx.querystring, forceQuery);
    const letter = await letterInPath(options, ctx, caller);
    if (force === "false" && statusOf(letter) !== "open") throw settled(letter, "Add force=true to redrive it again.");
    if (!isRedrivable(letter)) {
      throw new Refusal("dead-letter-without-header", "A message without our header would only be given up again.");
    }
    await redrive(options.redriving, [letter]);
    const { topic, partition, offset, reason } = letter;
    options.logger.info({ ...callerFields(caller), topic, partition, offset, reason }, "dead-letter.redriven");
    sendJson(ctx, 200, JSON.stringify(presentWhole(await letterInPath(options, ctx, caller), caller)));
  };
}

/** Sends again what a filter selects, a bounded number in one call. */
export function redriveDeadLetters({ redriving, logger }: SettleDeadLettersOptions): Handler {
  return async (ctx, caller) => {
    const { dryRun = false, ...filter } = await readJsonAs(ctx.req, redriveDeadLettersSchema);
    const done = await redriveSelected(redriving, lettersFor(caller), { ...filterOf(filter), dryRun });
    const answer: RedrivenDeadLetters = { ...done, dryRun };
    const { topic, reason } = filter;
    if (!dryRun) logger.info({ ...callerFields(caller), topic, reason, count: done.count }, "dead-letters.redriven");
    sendJson(ctx, 200, JSON.stringify(answer));
  };
}

/** Decides that a letter is not to be redriven. Doing so twice is doing so once. */
export function discardDeadLetter(options: SettleDeadLettersOptions): Handler {
  return async (ctx, caller) => {
    const before = await letterInPath(options, ctx, caller);
    await options.store.discardDeadLetter(lettersFor(caller), before);
    const after = await letterInPath(options, ctx, caller);
    if (statusOf(after) === "redriven") throw settled(after, "What is in the log again can't be discarded.");
    const { topic, partition, offset, reason } = after;
    options.logger.info({ ...callerFields(caller), topic, partition, offset, reason }, "dead-letter.discarded");
    sendJson(ctx, 200, JSON.stringify(presentWhole(after, caller)));
  };
}

const callerFields = ({ tenantId, keyId }: { tenantId: string; keyId: string }) => ({ tenantId, keyId });

function settled(letter: FoundDeadLetter, hint: string): Refusal {
  const at = letter.discardedAt ?? letter.redrivenAt;
  return new Refusal("dead-letter-settled", `It was ${statusOf(letter)} at ${at?.toISOString()}. ${hint}`);
}
