import { defineOperation, refuse } from "@postback/operations";
import { z } from "zod";

const name = z.string().min(1).max(100);
export const noteWritten = z.object({ name, words: z.int() });

export const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

/** Writes a note. The write and the event that tells of it are committed together, or not at all. */
export const writeNote = defineOperation({
  type: "note.write",
  revision: 1,
  input: z.strictObject({ name, text: z.string().max(10_000) }),
  entity: { type: "note", id: (input) => input.name },
  events: { "note.written": noteWritten },
  example: { name: "shopping", text: "bread and butter" },
})
  .transaction("write", {
    run: async ({ sql, input, operation: { id, tenantId }, emit }) => {
      const words = wordsIn(input.text);
      if (words === 0) throw refuse("empty-note", "A note needs a word");
      await sql`
        insert into my_catalog.notes (tenant_id, name, text, operation_id)
        values (${tenantId}, ${input.name}, ${input.text}, ${id})
        on conflict (tenant_id, name) do update set text = excluded.text, operation_id = excluded.operation_id`;
      emit("note.written", { name: input.name, words });
      return { words };
    },
  })
  .result((outputs) => ({ words: outputs.write.words }));
