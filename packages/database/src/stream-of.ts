import type pg from "pg";

/** What is held back while it is corked goes out with one write. */
interface CorkableStream {
  cork(): void;
  uncork(): void;
}

/** The stream of a client's connection; pg's types leave it out. */
export const streamOf = (client: pg.ClientBase): CorkableStream =>
  (client as unknown as { readonly connection: { readonly stream: CorkableStream } }).connection.stream;
