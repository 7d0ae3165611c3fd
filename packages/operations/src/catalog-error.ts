export type CatalogErrorCode = "catalog-not-found" | "catalog-failed-to-load" | "catalog-invalid" | "secret-missing";

/** A catalog can't be used; the process must not start. `problems` are all that was found, one sentence each. */
export class CatalogError extends Error {
  readonly code: CatalogErrorCode;
  readonly retryable = false;
  readonly problems: readonly string[];
  constructor(code: CatalogErrorCode, problems: readonly string[], options?: ErrorOptions) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n- ${problems.join("\n- ")}`, options);
    this.name = "CatalogError";
    this.code = code;
    this.problems = problems;
  }
}
