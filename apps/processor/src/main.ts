import { runMain } from "@postback/runtime";
import { readProcessorConfig } from "./config.ts";
import { runProcessor } from "./run-processor.ts";

await runMain(() => runProcessor(readProcessorConfig(process.env), process.env));
