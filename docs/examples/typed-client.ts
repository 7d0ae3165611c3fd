/** What docs/client.md shows: a write with the typed client, and its end. */
import { type Client, type Operation, ProblemError } from "@postback/client";

export interface Booking {
  readonly show: string;
  readonly seat: string;
  readonly guest: string;
}

/** Books, shows what is told, and gives the operation at its end; `undefined` where the input is refused. */
export async function bookAndFollow(
  postback: Client,
  booking: Booking,
  tell: (event: string) => void,
): Promise<Operation | undefined> {
  try {
    const { id } = await postback.operations.submit({ type: "ticket.book", input: booking });
    const following = postback.operations.follow(id, { signal: AbortSignal.timeout(60_000) });
    for (let step = await following.next(); ; step = await following.next()) {
      if (step.done) return step.value;
      tell(step.value.type);
    }
  } catch (error) {
    if (error instanceof ProblemError && error.problem === "invalid-input") return undefined;
    throw error;
  }
}
