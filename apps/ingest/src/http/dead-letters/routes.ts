import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { listDeadLetters, type ReadDeadLettersOptions, showDeadLetter } from "./read-dead-letters.ts";
import {
  discardDeadLetter,
  redriveDeadLetter,
  redriveDeadLetters,
  type SettleDeadLettersOptions,
} from "./settle-dead-letters.ts";

export type DeadLetterRoutesOptions = ReadDeadLettersOptions & SettleDeadLettersOptions;

/** Whoever may decide about letters: of its tenant, or of the platform. */
const scopes = ["operator", "platform"] as const;

export function deadLetterRoutes(router: Router, authorize: Authorize, options: DeadLetterRoutesOptions): void {
  router.get("/v1/dead-letters", authorize(scopes, listDeadLetters(options)));
  router.post("/v1/dead-letters/redrive", authorize(scopes, redriveDeadLetters(options)));
  router.get("/v1/dead-letters/:id", authorize(scopes, showDeadLetter(options)));
  router.post("/v1/dead-letters/:id/redrive", authorize(scopes, redriveDeadLetter(options)));
  router.post("/v1/dead-letters/:id/discard", authorize(scopes, discardDeadLetter(options)));
}
