/** A step at work, as its row says. */
export interface Span {
  readonly entity: string;
  readonly operationId: string;
  readonly step: string;
  /** By the database server's clock, microseconds. */
  readonly beganAtUs: number;
  readonly endedAtUs: number;
}

export interface SpanLedger {
  /** Operations that clients were told are taken. Those of an entity stand in the order of the log. */
  readonly told: readonly { readonly entity: string; readonly operationId: string }[];
  /** Of every operation, in their order. */
  readonly steps: readonly string[];
  readonly spans: readonly Span[];
  /** Operations of which readers of `events` were told that they succeeded, as often as they were. */
  readonly ends: readonly string[];
}

/** Each broken promise in words, or none: I1, I2 and I3, by what the steps themselves wrote down. */
export function faultsInSpans(ledger: SpanLedger): string[] {
  return [...faultsOfEffects(ledger), ...faultsOfEnds(ledger), ...faultsOfTurns(ledger), ...faultsOfOrder(ledger)];
}

/** Every operation's steps took effect once each, in their order; also one whose client was told nothing. */
function faultsOfEffects({ told, steps, spans }: SpanLedger): string[] {
  const byOperation = Map.groupBy(spans, ({ operationId }) => operationId);
  const ids = new Set([...told.map(({ operationId }) => operationId), ...byOperation.keys()]);
  return [...ids].flatMap((id) => {
    const done = byBeginning(byOperation.get(id) ?? []).map(({ step }) => step);
    return done.join() === steps.join() ? [] : [`operation ${id} did ${done.join(", ") || "nothing"}`];
  });
}

function faultsOfEnds({ told, ends }: SpanLedger): string[] {
  const counts = Map.groupBy(ends, (id) => id);
  const lost = told.filter(({ operationId }) => !counts.has(operationId));
  return [
    ...lost.map(({ operationId }) => `nobody was told of the end of operation ${operationId}`),
    ...[...counts].flatMap(([id, of]) => (of.length === 1 ? [] : [`operation ${id} ended ${of.length} times`])),
  ];
}

/** One at a time: in an entity no step begins before the one before it has ended, and no operation inside another. */
function faultsOfTurns({ spans }: SpanLedger): string[] {
  return [...Map.groupBy(spans, ({ entity }) => entity)].flatMap(([entity, of]) => {
    const inOrder = byBeginning(of);
    const overlaps = inOrder.filter((span, at) => span.beganAtUs < (inOrder[at - 1]?.endedAtUs ?? 0));
    const changes = inOrder.filter((span, at) => span.operationId !== inOrder[at - 1]?.operationId).length;
    return [
      ...overlaps.map(({ operationId, step }) => `${step} of ${operationId} began while ${entity} was at work`),
      ...(changes === new Set(of.map(({ operationId }) => operationId)).size ? [] : [`operations of ${entity} mixed`]),
    ];
  });
}

/** In the order of the log. */
function faultsOfOrder({ told, spans }: SpanLedger): string[] {
  const begun = Map.groupBy(byBeginning(spans), ({ entity }) => entity);
  return [...Map.groupBy(told, ({ entity }) => entity)].flatMap(([entity, of]) => {
    const due = of.map(({ operationId }) => operationId);
    const known = new Set(due);
    const ran = new Set(begun.get(entity)?.map(({ operationId }) => operationId));
    const order = [...ran].filter((id) => known.has(id));
    return order.join() === due.filter((id) => ran.has(id)).join() ? [] : [`operations of ${entity} ran out of order`];
  });
}

const byBeginning = (spans: readonly Span[]): Span[] => spans.toSorted((a, b) => a.beganAtUs - b.beganAtUs);
