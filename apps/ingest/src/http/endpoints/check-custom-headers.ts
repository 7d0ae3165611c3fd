import type { FieldError } from "@postback/contracts";
import { checkCustomHeaders } from "@postback/domain";

/** What is wrong with the headers that an endpoint wants on its webhooks, by the rule that the sender has too. */
export function customHeaderErrors(headers: Readonly<Record<string, string>>): FieldError[] {
  const problem = checkCustomHeaders(headers);
  if (problem === undefined) return [];
  const { name, message } = problem;
  const pointer = name === undefined ? "" : `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return [{ pointer: `/headers${pointer}`, message }];
}
