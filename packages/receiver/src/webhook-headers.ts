/** Headers as `Headers` of fetch has them, or as an object with names in lower case, as Node has them. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | { readonly [name: string]: string | readonly string[] | undefined };

/** A header's value; undefined where it isn't there, or is there more than once, so that nobody has to choose. */
export function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  if (isGettable(headers)) return headers.get(name) ?? undefined;
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

const isGettable = (headers: WebhookHeaders): headers is { get(name: string): string | null } =>
  typeof headers["get" as keyof WebhookHeaders] === "function";
