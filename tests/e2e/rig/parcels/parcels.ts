import { type CatalogDefinition, defineCatalog, defineOperation, type Sql, tryLater } from "@postback/operations";
import { z } from "zod";

const sent = z.object({ parcel: z.string() });
const sentWithWeight = sent.extend({ grams: z.int() });

const head = {
  type: "parcel.send",
  input: z.strictObject({ parcel: z.string(), isHeld: z.boolean() }),
  entity: { type: "parcel", id: ({ parcel }: { parcel: string }) => parcel },
};

interface AtWork {
  readonly sql: Sql;
  readonly operation: { readonly id: string; readonly revision: number };
}

async function note({ sql, operation: { id, revision } }: AtWork, step: string): Promise<void> {
  await sql`insert into parcels.work (operation_id, revision, step) values (${id}, ${revision}, ${step})`;
}

async function handOver(at: AtWork & { readonly input: { readonly isHeld: boolean } }, step: string): Promise<void> {
  const [closed] = await at.sql`select from parcels.closed`;
  if (at.input.isHeld && closed !== undefined) throw tryLater("The carrier is closed");
  await note(at, step);
}

const untilOpen = { attemptsMax: 100, firstDelayMs: 250, factor: 1, delayMaxMs: 250, jitter: 0 };

const revision1 = defineOperation({ ...head, revision: 1, events: { "parcel.sent": sent } })
  .transaction("pack", { run: (at) => note(at, "pack"), compensate: () => {} })
  .transaction("hand-over", {
    retry: untilOpen,
    run: async (at) => {
      await handOver(at, "hand-over");
      at.emit("parcel.sent", { parcel: at.input.parcel });
    },
  });

/** With a step more, one of another name, and more in its event. */
const revision2 = defineOperation({ ...head, revision: 2, events: { "parcel.sent": sentWithWeight } })
  .transaction("pack", { run: (at) => note(at, "pack"), compensate: () => {} })
  .transaction("weigh", {
    run: async (at) => {
      await note(at, "weigh");
      return { grams: 250 };
    },
    compensate: () => {},
  })
  .transaction("give-to-carrier", {
    retry: untilOpen,
    run: async (at) => {
      await handOver(at, "give-to-carrier");
      at.emit("parcel.sent", { parcel: at.input.parcel, grams: at.outputs.weigh.grams });
    },
  });

const releases = { first: [revision1], second: [revision1, revision2] } as const;

/** One catalog as it was released at first, and as it is with the next revision beside. */
export const parcels = (release: keyof typeof releases): CatalogDefinition =>
  defineCatalog({
    name: "parcels",
    operations: releases[release],
    events: { "parcel.sent": release === "first" ? sent : sentWithWeight },
    migrations: new URL("./", import.meta.url),
  });
