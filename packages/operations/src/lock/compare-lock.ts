import type { CatalogLock, LockedRevision, LockedStep } from "./catalog-lock.ts";

export interface LockChange {
  /** `breaking`: operations that are unfinished, or those who read the events, rely on what is no more. */
  readonly kind: "breaking" | "to-record";
  readonly text: string;
}

/** All that differs between a lock and what is defined now, one sentence each. */
export function compareLock(locked: CatalogLock, current: CatalogLock): readonly LockChange[] {
  const pairs = pairsOf(locked, current);
  return pairs.flatMap(({ type, revision, was, is }) => {
    const name = `${type} (revision ${revision})`;
    if (was === undefined) return [toRecord(`${name} is new`)];
    if (is === undefined) return [vanished(name, current.operations[type] !== undefined)];
    return changesOf(was, is).map(({ kind, text }) => ({
      kind,
      text: `${name}: ${text}${adviceOn(kind, current, type)}`,
    }));
  });
}

interface Pair {
  readonly type: string;
  readonly revision: string;
  readonly was: LockedRevision | undefined;
  readonly is: LockedRevision | undefined;
}

function pairsOf(locked: CatalogLock, current: CatalogLock): readonly Pair[] {
  const types = new Set([...Object.keys(locked.operations), ...Object.keys(current.operations)]);
  return [...types].flatMap((type) => {
    const [was, is] = [locked.operations[type] ?? {}, current.operations[type] ?? {}];
    const revisions = new Set([...Object.keys(was), ...Object.keys(is)]);
    return [...revisions].map((revision) => ({ type, revision, was: was[revision], is: is[revision] }));
  });
}

const breaking = (text: string): LockChange => ({ kind: "breaking", text });
const toRecord = (text: string): LockChange => ({ kind: "to-record", text });

const vanished = (name: string, hasOthers: boolean): LockChange =>
  breaking(
    `${name} is gone: its unfinished operations would wait for ever. Put it back${hasOthers ? " beside the newer one" : ""}; it may go, with its entry in the lock (--write), once GET /v1/operation-types shows 0 unfinished for it`,
  );

function adviceOn(kind: LockChange["kind"], { operations }: CatalogLock, type: string): string {
  if (kind === "to-record") return "";
  const next = Math.max(...Object.keys(operations[type] ?? {}).map(Number)) + 1;
  return `. Put this revision back as it was, and make the change in revision ${next}, beside it in the catalog`;
}

function changesOf(was: LockedRevision, is: LockedRevision): readonly LockChange[] {
  return [
    ...(was.entity === is.entity ? [] : [breaking(`its entity type was ${was.entity} and is ${is.entity}`)]),
    ...stepChanges(was.steps, is.steps),
    ...eventChanges(was.events, is.events),
    ...(was.input === is.input
      ? []
      : [toRecord("its input schema changed; it still has to accept the inputs of unfinished operations")]),
    ...(was.whenStuck === is.whenStuck
      ? []
      : [toRecord(`its entity would ${whenStuckOf(was)} while one is stuck, and will ${whenStuckOf(is)}`)]),
  ];
}

const whenStuckOf = ({ whenStuck }: LockedRevision): string => (whenStuck === "go-on" ? "go on" : "be held");

/** What a checkpoint relies on: names, kinds and order. A queue, and how a step is undone, may change under way. */
function stepChanges(was: readonly LockedStep[], is: readonly LockedStep[]): readonly LockChange[] {
  const [before, now] = [was.map(nameAndKind).join(", "), is.map(nameAndKind).join(", ")];
  if (before !== now) return [breaking(`its steps were ${before}, and are ${now}`)];
  return is.flatMap((step, index) => {
    const old = was[index];
    if (old === undefined) return [];
    const queue = (each: LockedStep) => each.queue ?? "no queue";
    return [
      ...(queue(old) === queue(step)
        ? []
        : [toRecord(`step ${step.name} was in ${queue(old)}, and is in ${queue(step)}`)]),
      ...(old.undo === step.undo
        ? []
        : [toRecord(`step ${step.name} was undone by "${old.undo}", and is by "${step.undo}"`)]),
    ];
  });
}

const nameAndKind = ({ name, kind, sync }: LockedStep): string => `${name} (${sync === true ? "sync " : ""}${kind})`;

function eventChanges(was: LockedRevision["events"], is: LockedRevision["events"]): readonly LockChange[] {
  const changed = Object.keys(was).flatMap((type) => {
    if (is[type] === undefined) return [breaking(`it no longer has the event ${type}`)];
    return is[type] === was[type] ? [] : [breaking(`the schema of its event ${type} changed`)];
  });
  const added = Object.keys(is).filter((type) => was[type] === undefined);
  return [...changed, ...added.map((type) => toRecord(`it has the event ${type} besides`))];
}
