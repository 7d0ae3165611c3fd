import type { FieldError, UpdateEndpoint } from "@postback/contracts";
import type { EndpointSettings } from "@postback/database";
import { readFilter } from "@postback/domain";
import { invalidInput } from "../../refusal.ts";
import { customHeaderErrors } from "./check-custom-headers.ts";
import type { CheckUrl } from "./check-url.ts";

/**
 * The settings of a request as columns, judged.
 * @throws {Refusal} invalid-input for headers that may not be set and for a broken filter; forbidden-address
 */
export function endpointSettings(given: UpdateEndpoint, checkUrl: CheckUrl): EndpointSettings {
  if (given.url !== undefined) checkUrl(given.url);
  const errors = [...(given.headers ? customHeaderErrors(given.headers) : []), ...filterErrors(given.filter)];
  if (errors.length > 0) throw invalidInput(errors);
  const { rateLimit, orderingValve, ...same } = given;
  const rate = rateLimit === undefined ? {} : { ratePerSecond: rateLimit?.perSecond ?? null };
  return withoutUndefined({ ...same, ...rate, ...valveColumns(orderingValve) });
}

/** The valve is set as a whole: a part that is left out isn't kept from before. */
function valveColumns(valve: UpdateEndpoint["orderingValve"]): EndpointSettings {
  if (valve === undefined) return {};
  return {
    orderSkipAttempts: valve?.skipAfterAttempts ?? null,
    orderSkipSeconds: valve?.skipAfterSeconds ?? null,
  };
}

/** Null takes the filter away. */
function filterErrors(filter: unknown): FieldError[] {
  if (filter === undefined || filter === null) return [];
  const read = readFilter(filter);
  return read.ok ? [] : read.problems.map(({ pointer, message }) => ({ pointer: `/filter${pointer}`, message }));
}

/** Absent and undefined mean the same in a request; for a column undefined would be one more thing to think of. */
const withoutUndefined = (settings: object): EndpointSettings =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
