import { readConfig, runMain } from "@postback/runtime";
import { configDefinition } from "./config.ts";
import { runProcessor } from "./run-processor.ts";

await runMain(() => runProcessor(readConfig(configDefinition, process.env)));
