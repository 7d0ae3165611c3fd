import type { AttemptOutcome } from "@postback/domain";
import { errors } from "undici";
import { NoConnectionError } from "./no-connection.ts";

/** undici's errors for an answer that isn't HTTP/1.1 as it should be, besides its parser's, which come without code. */
const PROTOCOL_CODES = new Set(["UND_ERR_HEADERS_OVERFLOW", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"]);
/** Messages of its SocketError for a 100 or 101 that nobody asked for; the code alone doesn't tell these from a reset. */
const PROTOCOL_MESSAGES = new Set(["bad response", "bad upgrade"]);
/** The request never left: undici wouldn't write it. */
const OUR_REQUEST_CODES = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"]);

/** What an attempt ends with, by the error that undici ended the request with. */
export function outcomeOfError(error: Error): AttemptOutcome {
  if (error instanceof NoConnectionError) return error.outcome;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (OUR_REQUEST_CODES.has(code)) return { kind: "blocked", reason: `the request can't be sent: ${error.message}` };
  const isProtocol =
    error instanceof errors.HTTPParserError ||
    PROTOCOL_CODES.has(code) ||
    (code === "UND_ERR_SOCKET" && PROTOCOL_MESSAGES.has(error.message));
  return { kind: "unreachable", cause: isProtocol ? "protocol" : "reset" };
}
