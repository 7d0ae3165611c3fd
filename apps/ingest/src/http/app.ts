import { Router } from "@koa/router";
import type { Catalog } from "@postback/operations";
import type { Health, Logger, Metrics } from "@postback/runtime";
import Koa from "koa";
import type { KnownKeys } from "../auth/known-keys.ts";
import type { RateLimits } from "../auth/rate-limits.ts";
import type { IngestStore } from "../store.ts";
import { apiKeyRoutes } from "./api-keys/routes.ts";
import { type DeadLetterRoutesOptions, deadLetterRoutes } from "./dead-letters/routes.ts";
import { deliveryRoutes } from "./deliveries/routes.ts";
import { documentRoutes } from "./documents/routes.ts";
import { type EndpointRoutesOptions, endpointRoutes } from "./endpoints/routes.ts";
import { entityRoutes } from "./entities/routes.ts";
import { type EventRoutesOptions, eventRoutes } from "./events/routes.ts";
import { keySetRoutes } from "./key-sets/routes.ts";
import { type LagRoutesOptions, lagRoutes } from "./lag/routes.ts";
import { type ListenerRoutesOptions, listenerRoutes } from "./listeners/routes.ts";
import { answerProblems } from "./middleware/answer-problems.ts";
import { authorizeWith } from "./middleware/authorize.ts";
import { limitConcurrency } from "./middleware/limit-concurrency.ts";
import { measureRequests } from "./middleware/measure-requests.ts";
import { serveHealth } from "./middleware/serve-health.ts";
import { operationIdRoutes } from "./operation-ids/routes.ts";
import { type OperationRoutesOptions, operationRoutes } from "./operations/routes.ts";
import { partnerRoutes } from "./partners/routes.ts";
import { replayRoutes } from "./replays/routes.ts";
import { streamRoutes } from "./stream/routes.ts";
import { tenantRoutes } from "./tenants/routes.ts";
import { typeRoutes } from "./types/routes.ts";

export interface AppOptions
  extends Omit<OperationRoutesOptions, "store" | "catalog">,
    Omit<EventRoutesOptions, "store">,
    Omit<EndpointRoutesOptions, "store">,
    Omit<DeadLetterRoutesOptions, "store">,
    LagRoutesOptions,
    ListenerRoutesOptions {
  catalog: Catalog;
  store: IngestStore;
  keys: KnownKeys;
  rateLimits: RateLimits;
  /** What keys that are made here say they are for: `pb_<keyEnv>_…`. */
  keyEnv: string;
  health: Health;
  logger: Logger;
  metrics: Metrics;
  concurrencyMax: number;
  version: string;
  topicPrefix: string;
}

/** The Koa app: its middleware in order, then the routes, the hot ones first. */
export function createApp(options: AppOptions): Koa {
  const { logger, metrics, keys, health, concurrencyMax } = options;
  const app = new Koa({ proxy: false });
  app.on("error", (error) => logger.error({ err: error }, "http.error"));

  app.use(measureRequests(requestDurations(metrics), logger));
  app.use(answerProblems(logger));
  app.use(serveHealth(health));
  app.use(
    limitConcurrency(concurrencyMax, metrics.gauge({ name: "http_requests_in_flight", help: "Requests in work" })),
  );

  const router = new Router();
  const authorize = authorizeWith(keys, options.rateLimits);
  operationRoutes(router, authorize, options);
  operationIdRoutes(router, authorize);
  entityRoutes(router, authorize, options);
  eventRoutes(router, authorize, options);
  streamRoutes(router, authorize);
  endpointRoutes(router, authorize, options);
  deliveryRoutes(router, authorize, options);
  replayRoutes(router, authorize, options);
  deadLetterRoutes(router, authorize, options);
  lagRoutes(router, authorize, options);
  apiKeyRoutes(router, authorize, options);
  partnerRoutes(router, authorize, options);
  tenantRoutes(router, authorize, options);
  typeRoutes(router, authorize, options);
  keySetRoutes(router, options);
  documentRoutes(router, options);
  listenerRoutes(router, options);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

const requestDurations = (metrics: Metrics) =>
  metrics.histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's headers to its answer",
    labels: ["method", "route", "status"],
  });
