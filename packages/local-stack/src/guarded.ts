export { type GuardedProcess, startGuarded } from "../../embedded/src/process/guarded-process.ts";
export { tailOf } from "../../embedded/src/process/log-file.ts";
