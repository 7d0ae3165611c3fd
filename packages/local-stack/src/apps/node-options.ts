import type { StackProfile } from "../stack.ts";

/** Options of Node for the apps of a stack. */
const options: Readonly<Record<StackProfile, readonly string[]>> = {
  development: [],
  test: [],
  load: [],
};

export const nodeOptions = (profile: StackProfile): readonly string[] => options[profile];
