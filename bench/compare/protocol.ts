/** The service that steps call, or the handler that does them at once. */
export type CompareOrder =
  | { readonly kind: "serve"; readonly answerAfterMs: number }
  | { readonly kind: "handle"; readonly serviceUrl: string; readonly databaseUrl: string };

export type CompareReport = { readonly kind: "ready" } | { readonly kind: "listening"; readonly url: string };
