import * as database from "@postback/database";

type Bound<F> = F extends (db: database.Database, ...rest: infer A) => infer R ? (...rest: A) => R : never;

const functions = {
  projectCommands: database.projectCommands,
  findOperationByKey: database.findOperationByKey,
  findOperationsByKeys: database.findOperationsByKeys,
  loadOperation: database.loadOperation,
  loadOperationMarks: database.loadOperationMarks,
  loadEntityMarks: database.loadEntityMarks,
  listOperations: database.listOperations,
  listOperationEvents: database.listOperationEvents,
  listDeliveriesOfEvents: database.listDeliveriesOfEvents,
  requestOperation: database.requestOperation,
  countUnfinished: database.countUnfinished,
  findApiKey: database.findApiKey,
  touchApiKeys: database.touchApiKeys,
  createApiKey: database.createApiKey,
  showApiKey: database.showApiKey,
  listApiKeys: database.listApiKeys,
  updateApiKey: database.updateApiKey,
  revokeApiKey: database.revokeApiKey,
  createPartner: database.createPartner,
  findPartner: database.findPartner,
  listPartners: database.listPartners,
  updatePartner: database.updatePartner,
  deletePartner: database.deletePartner,
  createTenant: database.createTenant,
  findTenant: database.findTenant,
  listTenants: database.listTenants,
  updateTenant: database.updateTenant,
  createEndpoint: database.createEndpoint,
  updateEndpoint: database.updateEndpoint,
  deleteEndpoint: database.deleteEndpoint,
  findEndpoint: database.findEndpoint,
  listEndpoints: database.listEndpoints,
  awaitSubscriptionVersion: database.awaitSubscriptionVersion,
  findSecrets: database.findSecrets,
  rotateSecret: database.rotateSecret,
  listPublicKeys: database.listPublicKeys,
  findDelivery: database.findDelivery,
  listDeliveries: database.listDeliveries,
  retryDelivery: database.retryDelivery,
  readFreshness: database.readFreshness,
  retainedSince: database.retainedSince,
  loadReplayable: database.loadReplayable,
  createReplay: database.createReplay,
  findReplay: database.findReplay,
  listReplays: database.listReplays,
  changeReplay: database.changeReplay,
  listDeadLetters: database.listDeadLetters,
  findDeadLetter: database.findDeadLetter,
  selectRedrivable: database.selectRedrivable,
  loadOpenLetters: database.loadOpenLetters,
  markRedriven: database.markRedriven,
  discardDeadLetter: database.discardDeadLetter,
};

/**
 * What reads and manages one tenant's rows, which the first argument names: it goes by the walled database, where there is
 * one. The others cross tenants, come before a tenant is known, or are on the way of every write.
 */
const ofOneTenant: ReadonlySet<string> = new Set<keyof typeof functions>([
  "loadOperation",
  "listOperationEvents",
  "requestOperation",
  "createApiKey",
  "showApiKey",
  "listApiKeys",
  "updateApiKey",
  "revokeApiKey",
  "createPartner",
  "findPartner",
  "listPartners",
  "updatePartner",
  "deletePartner",
  "createEndpoint",
  "updateEndpoint",
  "deleteEndpoint",
  "findEndpoint",
  "listEndpoints",
  "findSecrets",
  "findDelivery",
  "listDeliveries",
]);

/** What ingest asks of Postgres. Every method throws when it is away. */
export type IngestStore = { [K in keyof typeof functions]: Bound<(typeof functions)[K]> };

type Call = (db: database.Database, ...rest: unknown[]) => unknown;

/**
 * The functions of the database package on one database.
 * @param walled the same database under a role that sees one tenant's rows at a time: the second wall, behind the
 *   tenant in each statement
 */
export const storeOn = (db: database.Database, walled?: database.Database): IngestStore =>
  Object.fromEntries(
    Object.entries(functions).map(([name, call]) => [
      name,
      walled !== undefined && ofOneTenant.has(name)
        ? (...rest: unknown[]) => database.asTenant(tenantOf(rest[0]), () => (call as Call)(walled, ...rest))
        : (...rest: unknown[]) => (call as Call)(db, ...rest),
    ]),
  ) as IngestStore;

/** The tenant's id, or a row that has it. */
const tenantOf = (first: unknown): string =>
  typeof first === "string" ? first : (first as { tenantId: string }).tenantId;
