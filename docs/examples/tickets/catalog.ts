import { defineCatalog, defineOperation, refuse } from "@postback/operations";
import { z } from "zod";

const { TICKETS_PRINTER_URL: printerUrl = "http://127.0.0.1:4020/" } = process.env;

const name = z.string().min(1).max(100);
const ticketBooked = z.object({ show: name, seat: name, ticketId: z.string() });
const printedTicket = z.object({ ticketId: z.string() });

/** Holds a seat, has its ticket printed, and confirms it. Whichever step says no, what was done before it is undone. */
const bookTicket = defineOperation({
  type: "ticket.book",
  revision: 1,
  input: z.strictObject({ show: name, seat: name, guest: name }),
  entity: { type: "seat", id: ({ show, seat }) => `${show}/${seat}` },
  events: { "ticket.booked": ticketBooked },
  example: { show: "hamlet", seat: "a-12", guest: "Ophelia" },
})
  .transaction("hold-seat", {
    run: async ({ sql, operation: { id, tenantId }, input: { show, seat, guest } }) => {
      const [held] = await sql`
        insert into tickets.seats (tenant_id, show, seat, guest, operation_id)
        values (${tenantId}, ${show}, ${seat}, ${guest}, ${id})
        on conflict do nothing
        returning seat`;
      if (held === undefined) throw refuse("seat-taken", `The seat ${seat} is taken`);
    },
    compensate: async ({ sql, operation: { id, tenantId }, input: { show, seat } }) => {
      await sql`
        delete from tickets.seats
        where tenant_id = ${tenantId} and show = ${show} and seat = ${seat} and operation_id = ${id}`;
    },
  })
  .http("print-ticket", {
    refusals: { 410: { code: "show-cancelled", message: "The show is cancelled" } },
    run: async ({ http, input }) =>
      printedTicket.parse(await http.post(new URL("tickets", printerUrl), { json: input }).json()),
    // By the key of the run: after a timeout there is no ticketId, but there may be a ticket.
    compensate: async ({ http, runIdempotencyKey }) => {
      await http.delete(new URL(`tickets/${encodeURIComponent(runIdempotencyKey)}`, printerUrl));
    },
  })
  .transaction("confirm-seat", {
    run: async ({ sql, operation: { id, tenantId }, input: { show, seat }, outputs, emit }) => {
      const { ticketId } = outputs["print-ticket"];
      await sql`
        update tickets.seats set ticket_id = ${ticketId}
        where tenant_id = ${tenantId} and show = ${show} and seat = ${seat} and operation_id = ${id}`;
      emit("ticket.booked", { show, seat, ticketId });
    },
  })
  .result((outputs) => ({ ticketId: outputs["print-ticket"].ticketId }));

export default defineCatalog({
  name: "tickets",
  operations: [bookTicket],
  events: { "ticket.booked": ticketBooked },
  migrations: new URL("./migrations/", import.meta.url),
});
