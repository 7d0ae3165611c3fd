import { createPartnerSchema, updatePartnerSchema } from "@postback/contracts";
import type { KeptGrant } from "@postback/database";
import { newId, readFilter } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput, notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { untilEverywhere } from "../until-everywhere.ts";
import { presentPartner } from "./present-partner.ts";

export interface ChangePartnersOptions {
  store: Pick<IngestStore, "createPartner" | "updatePartner" | "deletePartner" | "awaitSubscriptionVersion">;
  logger: Logger;
}

export function createPartner({ store, logger }: ChangePartnersOptions): Handler {
  return async (ctx, caller) => {
    const { name, grant } = await readJsonAs(ctx.req, createPartnerSchema);
    const id = newId();
    const row = await store.createPartner(caller.tenantId, { id, name, grant: checkedGrant(grant ?? { events: [] }) });
    logger.info({ ...doneBy(caller), partnerId: id, outcome: "created" }, "partner.changed");
    ctx.res.setHeader("location", `/v1/partners/${id}`);
    sendJson(ctx, 201, JSON.stringify(presentPartner(row)));
  };
}

export function updatePartner(options: ChangePartnersOptions): Handler {
  return async (ctx, caller) => {
    const { name, grant } = await readJsonAs(ctx.req, updatePartnerSchema);
    const changes = {
      ...(name === undefined ? {} : { name }),
      ...(grant === undefined ? {} : { grant: checkedGrant(grant) }),
    };
    const id = idParam(ctx, "id");
    const changed = id === undefined ? undefined : await options.store.updatePartner(caller.tenantId, id, changes);
    if (id === undefined || changed === undefined) throw notFound("partner");
    // Once it is answered, no dispatcher that lives tells a partner what it may not see any more.
    const line = { ...doneBy(caller), partnerId: id, outcome: "updated" };
    await untilEverywhere(options, "partner", changed.subscriptionVersion, line);
    sendJson(ctx, 200, JSON.stringify(presentPartner(changed.partner)));
  };
}

/** With its keys, which are revoked, and its endpoints, which are deleted. */
export function deletePartner(options: ChangePartnersOptions): Handler {
  return async (ctx, caller) => {
    const id = idParam(ctx, "id");
    const version = id === undefined ? undefined : await options.store.deletePartner(caller.tenantId, id);
    if (id === undefined || version === undefined) throw notFound("partner");
    await untilEverywhere(options, "partner", version, { ...doneBy(caller), partnerId: id, outcome: "deleted" });
    ctx.status = 204;
  };
}

/** @throws {Refusal} invalid-input for a filter that breaks a rule */
function checkedGrant({ events, filter }: { events: string[]; filter?: unknown }): KeptGrant {
  if (filter === undefined) return { events };
  const read = readFilter(filter);
  if (read.ok) return { events, filter };
  throw invalidInput(read.problems.map(({ pointer, message }) => ({ pointer: `/grant/filter${pointer}`, message })));
}

const doneBy = ({ tenantId, keyId }: Caller) => ({ tenantId, keyId });
