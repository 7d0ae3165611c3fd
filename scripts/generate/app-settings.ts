import type { ConfigRow } from "@postback/runtime";

/** The variables that one app reads, in the order of its definition. */
export interface AppSettings {
  app: string;
  rows: readonly ConfigRow[];
}
