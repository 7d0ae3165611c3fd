import { Prisma } from "../generated/client.ts";
import type { EndpointSettings } from "./endpoint-row.ts";

/** The settings as Prisma writes them: a JSON column is emptied by `DbNull`, a list by the empty list. */
export function endpointData(settings: EndpointSettings) {
  const { filter, headers, retrySchedule, ...plain } = settings;
  return {
    ...plain,
    ...(filter === undefined ? {} : { filter: (filter as Prisma.InputJsonValue | null) ?? Prisma.DbNull }),
    ...(headers === undefined ? {} : { headers: headers ?? Prisma.DbNull }),
    ...(retrySchedule === undefined ? {} : { retrySchedule: retrySchedule ?? [] }),
  };
}
