import { type CreateReplay, createReplaySchema, type ReplayCount } from "@postback/contracts";
import type { EndpointRow } from "@postback/database";
import { newId, type Partner, readGrant } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import type { Context } from "koa";
import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput, notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { countCovered } from "./count-covered.ts";
import { presentCovered, presentReplay } from "./present-replay.ts";
import { scopeOf } from "./replay-scope.ts";

export interface CreateReplayOptions {
  store: Pick<IngestStore, "findEndpoint" | "findPartner" | "retainedSince" | "loadReplayable" | "createReplay">;
  logger: Logger;
}

/** Counts what a replay covers, and makes it unless that was all that was asked for. */
export function createReplay(options: CreateReplayOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId, keyId } = caller;
    const { store, logger } = options;
    const endpoint = await endpointInPath(store, ctx, caller);
    const partner = await partnerOf(store, endpoint);
    const given = await readJsonAs(ctx.req, createReplaySchema);
    const times = timesOf(given, new Date(), await store.retainedSince());
    const { coversFrom, until } = times;
    const range = { tenantId, endpointId: endpoint.id, coversFrom, until, withBodies: hasFilter(endpoint, partner) };
    const clock = () => performance.now();
    const { count, isExact } = await countCovered({ store, clock }, range, scopeOf(endpoint, partner, given));
    if (given.dryRun) {
      const answer: ReplayCount = { count, countIsExact: isExact, ...presentCovered(times) };
      return sendJson(ctx, 200, JSON.stringify(answer));
    }
    const replay = await store.createReplay(tenantId, {
      id: newId(),
      endpointId: endpoint.id,
      ...times,
      statuses: given.statuses,
      events: given.events,
      ratePerSecond: given.rateLimit?.perSecond,
      total: count,
      totalIsExact: isExact,
    });
    if (replay === undefined) throw await whyNot(store, tenantId, endpoint);
    const fields = { keyId, tenantId, endpointId: endpoint.id, replay: replay.id, since: given.since, total: count };
    logger.info(fields, "replay.created");
    ctx.res.setHeader("location", `/v1/endpoints/${endpoint.id}/replays/${replay.id}`);
    sendJson(ctx, 201, JSON.stringify(presentReplay(replay)));
  };
}

/** The partner whose endpoint it is, with its grant of now; one that was taken away sees nothing. */
async function partnerOf(
  store: Pick<IngestStore, "findPartner">,
  { tenantId, partnerId }: EndpointRow,
): Promise<Partner | undefined> {
  if (partnerId === null) return undefined;
  const row = await store.findPartner(tenantId, partnerId);
  return { id: partnerId, grant: readGrant(row?.grant) };
}

const hasFilter = (endpoint: EndpointRow, partner: Partner | undefined): boolean =>
  endpoint.filter !== null || partner?.grant.filter !== undefined;

/** @throws {Refusal} not-found, also for an endpoint of another partner */
export async function endpointInPath(
  store: Pick<IngestStore, "findEndpoint">,
  ctx: Context,
  { tenantId, partnerId }: Pick<Caller, "tenantId" | "partnerId">,
): Promise<EndpointRow> {
  const id = idParam(ctx, "id");
  const endpoint = id === undefined ? undefined : await store.findEndpoint(tenantId, id, partnerId);
  if (endpoint === undefined) throw notFound("endpoint");
  return endpoint;
}

function timesOf(given: CreateReplay, now: Date, retained: Date) {
  const since = new Date(given.since);
  const asked = given.until === undefined ? now : new Date(given.until);
  // Never beyond its own creation: what is accepted later is live.
  const until = asked < now ? asked : now;
  if (since >= until) throw invalidInput([{ pointer: "/since", message: "must be before until, and before now" }]);
  return { since, until, coversFrom: since > retained ? since : retained };
}

async function whyNot(
  store: Pick<IngestStore, "findEndpoint">,
  tenantId: string,
  { id }: EndpointRow,
): Promise<Refusal> {
  const endpoint = await store.findEndpoint(tenantId, id);
  if (endpoint === undefined) return notFound("endpoint");
  return endpoint.enabled
    ? new Refusal("replay-unfinished", "Wait until it has ended, or cancel it: DELETE it.")
    : endpointDisabled();
}

export const endpointDisabled = (): Refusal =>
  new Refusal("endpoint-disabled", 'Enable the endpoint first: PATCH it with {"enabled": true}.');
