import { readConfig, runMain } from "@postback/runtime";
import { configDefinition } from "./config.ts";
import { runDispatcher } from "./run-dispatcher.ts";

await runMain(() => runDispatcher(readConfig(configDefinition, process.env)));
