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

/** What ingest asks of Postgres. Every method throws when it is away. */
export type IngestStore = { [K in keyof typeof functions]: Bound<(typeof functions)[K]> };

/** The functions of the database package on one database. */
export const storeOn = (db: database.Database): IngestStore =>
  Object.fromEntries(
    Object.entries(functions).map(([name, call]) => [
      name,
      (...rest: unknown[]) => (call as (db: database.Database, ...rest: unknown[]) => unknown)(db, ...rest),
    ]),
  ) as IngestStore;
