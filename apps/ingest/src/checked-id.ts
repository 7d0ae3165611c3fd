import { checkClientId } from "@postback/domain";
import { Refusal } from "./refusal.ts";

/**
 * An id that the client made, when it may be used.
 * @throws {Refusal} invalid-id
 */
export function checkedId(id: string, nowMs: number): string {
  const problem = checkClientId(id, new Date(nowMs));
  if (problem === undefined) return id;
  throw new Refusal("invalid-id", `The id ${problem.message}.`, {
    errors: [{ pointer: "/id", message: problem.message }],
  });
}
