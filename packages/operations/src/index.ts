export { applyCatalogMigrations } from "./apply-catalog-migrations.ts";
export { type Catalog, type CatalogMigrations, joinCatalogs } from "./catalog.ts";
export { CatalogError, type CatalogErrorCode } from "./catalog-error.ts";
export { CatalogMigrationError } from "./catalog-migration-error.ts";
export { checkCatalog } from "./check-catalog.ts";
export { classifyFailure, type FailedOutcome } from "./classify-failure.ts";
export { type Checked, type CheckOperations, checkOperations } from "./cli/check-operations.ts";
export { type CatalogDefinition, type CatalogOptions, defineCatalog } from "./define-catalog.ts";
export {
  defineOperation,
  type FailedContext,
  type OperationBuilder,
  type OperationDefinition,
  type OperationOptions,
  type WhenBusy,
  type WhenStuck,
} from "./define-operation.ts";
export { eventsOfTransition, type Transition } from "./events-of-transition.ts";
export { loadCatalogs } from "./load-catalogs.ts";
export { type OnceContext, type OnceUndoContext, onceIn } from "./once/once-in.ts";
export { onceSql, prepareOnce } from "./once/once-table.ts";
export { type PruneOnceOptions, pruneOnce } from "./once/prune-once.ts";
export { type PerformedStep, type PerformStep, performStep } from "./perform-step.ts";
export { Refuse, refuse, TryLater, type TryLaterOptions, tryLater } from "./refusal.ts";
export { type ReadSecrets, readSecrets } from "./secrets/read-secrets.ts";
export type { SecretReference, SecretReferences, SecretsOf } from "./secrets/secret-reference.ts";
export { Secrets } from "./secrets/secrets.ts";
export { shapeOf } from "./shape-of.ts";
export type {
  Emit,
  EventSchemas,
  HttpContext,
  OperationRef,
  StepContext,
  StepLog,
  TransactionContext,
  Undo,
  WithSecrets,
} from "./step-context.ts";
export type { HttpStep, StatusMeaning, StepDefinition, TaskStep, TransactionStep, Undoing } from "./step-definition.ts";
export type { Emitted } from "./step-events.ts";
export type { StepHttp } from "./step-http.ts";
export { syncStepsOf } from "./sync-steps.ts";
export type { Sql } from "./tagged-sql.ts";
export { type ValidatedInput, type ValidateInputOptions, validateInput } from "./validate-input.ts";
