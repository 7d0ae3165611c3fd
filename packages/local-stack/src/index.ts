/** A whole Postback on this machine: for `npm start`, the bench and tests. Nothing of this runs in production. */
export type { AppName, AppProcess } from "./apps/app-process.ts";
export { AppStartFailure } from "./apps/app-start-failure.ts";
export { prepareDatabase } from "./database/prepare-database.ts";
export { PortTaken } from "./port-taken.ts";
export type { Stack, StackOptions, StackProfile } from "./stack.ts";
export { startStack } from "./start-stack.ts";
