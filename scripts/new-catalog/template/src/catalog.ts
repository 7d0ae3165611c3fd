import { defineCatalog } from "@postback/operations";
import { noteWritten, writeNote } from "./write-note.ts";

/** What `POSTBACK_CATALOG` loads. */
export default defineCatalog({
  name: "my-catalog",
  operations: [writeNote],
  events: { "note.written": noteWritten },
  migrations: new URL("../migrations/", import.meta.url),
});
