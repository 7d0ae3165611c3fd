import type { FieldError } from "@postback/contracts";
import type { z } from "zod";

/** A JSON pointer (RFC 6901) of a path: `["items", 0, "a/b"]` → `/items/0/a~1b`. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** What zod found, each at its place; a key that isn't known is named by its own pointer. */
export function fieldErrors(error: z.ZodError, prefix: readonly PropertyKey[] = []): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code !== "unrecognized_keys") return [{ pointer: jsonPointer(path), message: issue.message }];
    return issue.keys.map((key) => ({ pointer: jsonPointer([...path, key]), message: "is not known here" }));
  });
}
