import type { FleetView } from "@postback/domain";
import type { Database } from "../open-database.ts";
import { run, statement, withoutWaitForDisk } from "../statement.ts";

/** What a dispatcher says of itself. */
export interface DispatcherBeat {
  id: string;
  /** Of the subscriptions that it matches with. */
  version: bigint;
  /** Of the fleet whose shares it keeps to; 0 before the first. */
  generation: bigint;
  /** Endpoints of which it has more out than its share. */
  over: readonly string[];
}

interface FleetRow {
  generation: string;
  members: string[];
  lostAgoMs: number | null;
  peers: { id: string; generation: string | null; ageMs: number; over: string[] }[];
}

const beat = statement(
  "beat_dispatcher",
  `WITH mine AS (
     INSERT INTO dispatchers (id, version, generation, over_lanes) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, generation = excluded.generation,
       over_lanes = excluded.over_lanes, heartbeat_at = now()),
   gone AS (DELETE FROM dispatchers WHERE heartbeat_at < now() - interval '1 minute' AND id <> $1)
   SELECT f.generation::text AS generation, f.members,
     (extract(epoch FROM now() - f.lost_at) * 1000)::double precision AS "lostAgoMs",
     coalesce((SELECT json_agg(json_build_object('id', d.id, 'generation', d.generation::text, 'over', d.over_lanes,
         'ageMs', (extract(epoch FROM now() - d.heartbeat_at) * 1000)::double precision))
       FROM dispatchers d WHERE d.id <> $1), '[]') AS peers
   FROM ${withoutWaitForDisk} AS unsynced, dispatcher_fleet f`,
);

/**
 * Says that this dispatcher lives, which subscription version it matches with and which shares it keeps to; answers who
 * shares lanes with it.
 */
export async function beatDispatcher(
  db: Database,
  { id, version, generation, over }: DispatcherBeat,
): Promise<FleetView> {
  const [row] = await run<FleetRow>(db.pool, beat, [id, version.toString(), generation.toString(), over]);
  if (row === undefined) throw new Error("dispatcher_fleet has lost its row");
  return {
    newest: { number: BigInt(row.generation), members: row.members },
    lostAgoMs: row.lostAgoMs ?? undefined,
    peers: row.peers.map((peer) => ({
      ...peer,
      generation: peer.generation === null ? undefined : BigInt(peer.generation),
    })),
  };
}

const leave = statement("leave_dispatcher", "DELETE FROM dispatchers WHERE id = $1");

/** Says that this dispatcher is gone and has nothing out, so that nobody waits for it. */
export async function leaveDispatchers(db: Database, id: string): Promise<void> {
  await run(db.pool, leave, [id]);
}
