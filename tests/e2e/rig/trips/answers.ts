/** Outcomes that tell nothing: whether it was booked only the service knows. */
export const unknownAnswers = [
  "timeout",
  "booked-timeout",
  "reset",
  "booked-reset",
  "unavailable",
  "booked-unavailable",
  // A later no proves nothing of the try before.
  "booked-reset-then-refused",
] as const;

/** How the booking service answers a booking. */
export const answersOfBooking = ["booked", "refused", ...unknownAnswers] as const;
export type BookingAnswer = (typeof answersOfBooking)[number];

/** How it answers when a booking is to be dropped; `flaky`: unavailable at first. */
export const answersOfDropping = ["dropped", "refused", "flaky"] as const;
export type DroppingAnswer = (typeof answersOfDropping)[number];
