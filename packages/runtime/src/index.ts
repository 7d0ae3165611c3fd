export * from "./config.ts";
export * from "./health.ts";
export * from "./health-server.ts";
export * from "./keep-trying.ts";
export * from "./lifecycle.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./shared-settings.ts";
