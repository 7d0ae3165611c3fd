import type { OperationRow } from "@postback/database";
import type { Caller } from "../../auth/known-keys.ts";

/** The operation, unless it is none of the caller's: a partner sees those that were submitted with its keys. */
export const seenOperation = (
  row: OperationRow | undefined,
  { partnerId }: Pick<Caller, "partnerId">,
): OperationRow | undefined =>
  partnerId === undefined || row?.audience?.includes(partnerId) === true ? row : undefined;
