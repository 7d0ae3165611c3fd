import { setTimeout as sleep } from "node:timers/promises";
import { topicNames } from "@postback/contracts";
import {
  type Database,
  disableEndpoint,
  disableFailing,
  noteFailures,
  noteSuccesses,
  parseKeyring,
  recordDeadLetters,
  recordOutcomes,
} from "@postback/database";
import { DEFAULT_BREAKER_POLICY, DEFAULT_FAILING_POLICY, parseSubnet } from "@postback/domain";
import { type Consumer, type GivenUp, type Producer, sendDeadLetter } from "@postback/kafka";
import { keepTrying, type Logger, type Metrics } from "@postback/runtime";
import type { DispatcherConfig } from "./config.ts";
import { EventConsumption } from "./consume/consume-events.ts";
import { AttemptNotes } from "./endpoint-life/note-attempts.ts";
import { Handshakes } from "./handshake/handshakes.ts";
import { Fleet } from "./lanes/fleet.ts";
import type { Outgoing } from "./lanes/held.ts";
import { type AfterAttempt, Lanes } from "./lanes/lanes.ts";
import { Schedule } from "./lanes/wake-due.ts";
import { type DispatcherMetrics, dispatcherMetrics, watchMemory } from "./metrics.ts";
import type { Entry } from "./record/pending-outcomes.ts";
import { Recorder } from "./record/recorder.ts";
import { Replays } from "./replays/replays.ts";
import { type AgentPool, createAgentPool } from "./send/agent-pool.ts";
import { openTunnelThrough } from "./send/open-tunnel.ts";
import type { AttemptResult } from "./send/post-webhook.ts";
import { createResolveHost } from "./send/resolve-host.ts";
import { sendDelivery } from "./send/send-delivery.ts";
import { SubscriptionFollower } from "./subscriptions/follow-subscriptions.ts";
import type { Subscription } from "./subscriptions/subscription.ts";
import { Subscriptions } from "./subscriptions/subscriptions.ts";

export interface DispatchOptions {
  config: DispatcherConfig;
  /** This dispatcher among those that live. */
  id: string;
  db: Database;
  producer: Producer;
  logger: Logger;
  metrics: Metrics;
}

/** The parts of a dispatcher, connected. */
export interface Dispatch {
  subscriptions: Subscriptions;
  follower: SubscriptionFollower;
  consumption: EventConsumption;
  lanes: Lanes;
  schedule: Schedule;
  notes: AttemptNotes;
  replays: Replays;
  handshakes: Handshakes;
  /** Gives what is done to the consumer from now on, and lets pressure hold it. */
  connect(consumer: Consumer): void;
  /** Partitions are about to go: everything that they brought gets its row. */
  handOver(): Promise<void>;
  /** The end: hands over, waits for what is out, writes the last outcomes. */
  drain(): Promise<void>;
  /** Gives its part of the lanes to the others. After the drain, when it doesn't beat any more. */
  leave(): Promise<void>;
}

export function wireDispatch({ config, id, db, producer, logger, metrics }: DispatchOptions): Dispatch {
  const counted = dispatcherMetrics(metrics);
  const subscriptions = new Subscriptions();
  const fleet = new Fleet({ db, id, logger });
  const agents = createAgents(config, logger);
  let consumer: Consumer | undefined;

  const giveUp = async (givenUp: GivenUp) => {
    const tell = async () => {
      const sent = await sendDeadLetter(producer, topicNames(config.TOPIC_PREFIX).deadLetters, givenUp);
      await recordDeadLetters(db, [sent]);
      return sent;
    };
    const letter = await keepTrying(tell, { logger, event: "event.not-dead-lettered" });
    counted.deadLettered(givenUp.reason);
    logger.error({ reason: givenUp.reason, topic: letter.topic, offset: letter.offset }, "event.dead-lettered");
  };
  const recorder = new Recorder({
    write: async (outcomes) => {
      await recordOutcomes(db, outcomes);
      // The first of a queue, or the next, is due now.
      if (outcomes.deliveries.some(({ orderKey }) => orderKey !== undefined)) schedule.kick();
    },
    onRecorded: (event) => consumption.recorded(event),
    onRejected: (entry, error) => giveUp(rejected(entry, error)),
    onPressure: (isHigh) => (isHigh ? consumer?.hold("outcomes") : consumer?.release("outcomes")),
    logger,
  });
  const record = (entry: Entry) => recorder.add(entry);
  const policy = { ...DEFAULT_FAILING_POLICY, disableAfterMs: config.DISABLE_FAILING_AFTER_SECONDS * 1000 };
  const down = { downAfterFailures: DEFAULT_BREAKER_POLICY.failuresToOpen };
  const notes = new AttemptNotes({
    noteSuccesses: (endpoints) => noteSuccesses(db, endpoints, down),
    noteFailures: (failures) => noteFailures(db, failures, policy),
    disable: (endpoint) => disableFailing(db, endpoint, policy),
    policy,
    clock: Date.now,
    logger,
  });
  const lanes = new Lanes({
    send: (outgoing) => sendDelivery(agents, outgoing),
    record,
    onSlotFree: () => schedule.kick(),
    onGone: (endpoint) => void disableGone(db, endpoint, logger),
    shareOf: (endpoint) => fleet.shareOf(endpoint),
    mayStart: (endpoint) => fleet.mayStart(endpoint),
    onAttempt: (outgoing, sent, next) => {
      notes.add(outgoing.endpoint, sent.outcome);
      report(outgoing, sent, next, { counted, logger });
    },
    owner: id,
    waitingMax: config.HELD_DELIVERIES_MAX,
    inFlightMax: config.SENDS_IN_FLIGHT_MAX,
    clock: Date.now,
    dice: Math.random,
  });
  const consumption = new EventConsumption({
    db,
    subscriptions,
    offer: (outgoing) => lanes.offer(outgoing),
    record,
    room: () => recorder.room(),
    giveUp,
    done: ({ topic, partition, offset, generation }) => consumer?.done(topic, partition, offset, generation),
    logger,
  });
  const schedule = new Schedule({ db, lanes, subscriptions, record, owner: id, logger });
  const replays = new Replays({
    db,
    owner: id,
    find: (endpointId) => subscriptions.find(endpointId),
    onFed: () => schedule.kick(),
    clock: Date.now,
    metrics,
    logger,
  });
  const follower = new SubscriptionFollower({
    db,
    keyring: parseKeyring(config.SECRET_KEYRING),
    subscriptions,
    lanes,
    fleet,
    origin: config.WEBHOOK_ORIGIN,
    logger,
  });
  const handshakes = new Handshakes({ db, agents, origin: config.WEBHOOK_ORIGIN, logger });
  watchMemory(metrics, lanes, recorder);
  const handOver = async () => {
    lanes.spillAll();
    await recorder.flush();
  };
  return {
    subscriptions,
    follower,
    consumption,
    lanes,
    schedule,
    notes,
    replays,
    handshakes,
    connect: (given) => {
      consumer = given;
    },
    handOver,
    drain: async () => {
      await handOver();
      await untilAnswered(agents, lanes, logger);
      await recorder.flush();
    },
    leave: () => leaveFleet(fleet, lanes, logger),
  };
}

/** How long the end waits for what is out. All of it has rows with leases: who comes next sends it again. */
const answerWaitMaxMs = 4_000;

async function untilAnswered(agents: AgentPool, lanes: Lanes, logger: Logger): Promise<void> {
  const tooLong = sleep(answerWaitMaxMs, "too-long", { ref: false });
  const ended = await Promise.race([agents.close(), tooLong]);
  if (ended === "too-long") logger.warn({ inFlight: lanes.inFlight }, "deliveries.left-to-their-leases");
}

/** With something still out, or without Postgres, nobody hears it: the others take its part when it has been silent. */
async function leaveFleet(fleet: Fleet, lanes: Lanes, logger: Logger): Promise<void> {
  if (lanes.inFlight > 0) return;
  try {
    await fleet.leave();
  } catch (error) {
    logger.warn({ err: error }, "dispatcher.not-left");
  }
}

function createAgents(config: DispatcherConfig, logger: Logger) {
  const allowedSubnets = config.ALLOWED_SUBNETS.map((text) => {
    const subnet = parseSubnet(text);
    if (!subnet) throw new Error(`ALLOWED_SUBNETS: "${text}" is not a subnet like 10.1.0.0/16`);
    return subnet;
  });
  const resolveHost = createResolveHost({ allowedSubnets });
  const { ALLOW_HTTP: allowHttp, EGRESS_PROXY: proxy } = config;
  if (proxy === undefined) return createAgentPool({ allowHttp, allowedSubnets, resolveHost });
  const onFailure = (reason: string) => logger.warn({ reason }, "egress-proxy.failed");
  const open = openTunnelThrough(proxy, onFailure);
  return createAgentPool({ allowHttp, allowedSubnets, resolveHost, open });
}

/** 410: the row's trigger tells all dispatchers, which then discard what waits. */
async function disableGone(db: Database, endpoint: Subscription, logger: Logger): Promise<void> {
  const { tenantId, endpointId } = endpoint;
  try {
    if (await disableEndpoint(db, endpoint, "gone")) logger.info({ tenantId, endpointId }, "endpoint.disabled");
  } catch (error) {
    // The delivery stays pending, so its next attempt meets the 410 again.
    logger.warn({ err: error, tenantId, endpointId }, "endpoint.not-disabled");
  }
}

interface Reporting {
  counted: DispatcherMetrics;
  logger: Logger;
}

/** One wide line an attempt. A delivery at first go is what nearly all of them are: that is for debugging only. */
function report(outgoing: Outgoing, sent: AttemptResult, next: AfterAttempt, { counted, logger }: Reporting): void {
  counted.attempted(outgoing, sent, next);
  const level = next.state === "delivered" ? "debug" : "info";
  if (!logger.isLevelEnabled(level)) return;
  const { outcome, durationMs } = sent;
  logger[level](
    {
      tenantId: outgoing.tenantId,
      eventId: outgoing.eventId,
      eventType: outgoing.eventType,
      endpointId: outgoing.endpoint.endpointId,
      attempt: outgoing.attemptsMade + 1,
      outcome: outcome.kind,
      status: "status" in outcome ? outcome.status : undefined,
      cause: "cause" in outcome ? outcome.cause : undefined,
      durationMs,
      state: next.state,
      nextAttemptAt: next.state === "waiting" ? next.nextAttemptAt : undefined,
    },
    "delivery.attempted",
  );
}

/** An outcome whose data the database refuses, as the message that brought it. */
function rejected({ event }: Entry, error: unknown): GivenUp {
  if (!event) throw error;
  const { header, body, place } = event;
  return {
    batch: { ...place, messages: [], endOffset: place.offset + 1 },
    message: {
      offset: place.offset,
      key: null,
      value: body,
      header: JSON.stringify(header),
      timestampMs: header.acceptedAt,
    },
    reason: "rejected-by-database",
    detail: (error as Error).message,
  };
}
