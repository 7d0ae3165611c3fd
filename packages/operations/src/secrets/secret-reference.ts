/**
 * A secret that a step names instead of holding it: the environment variable that has it, or whose name with `_FILE` behind
 * it tells the mounted file that does.
 */
export type SecretReference = string | { readonly name: string; readonly optional: true };

/** The secrets of a step, by the names under which its functions get them. */
export type SecretReferences = Readonly<Record<string, SecretReference>>;

/** What the step's functions get. */
export type SecretsOf<S extends SecretReferences> = {
  readonly [K in keyof S]: S[K] extends string ? string : string | undefined;
};

export const variableOf = (reference: SecretReference): string =>
  typeof reference === "string" ? reference : reference.name;

export const isOptional = (reference: SecretReference): boolean => typeof reference !== "string";
