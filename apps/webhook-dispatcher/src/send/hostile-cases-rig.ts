import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import type { AttemptOutcome } from "@postback/domain";
import { answer } from "./post-rig.ts";

/** A receiver that does what none should, and what must come of it. */
export type HostileCase = {
  readonly name: string;
  /** Told of the request's head alone, before its body has been read. */
  readonly script: (socket: Socket) => void;
  readonly outcome: AttemptOutcome;
  /** What of the answer must be kept, where that is known. */
  readonly response?: string;
  /** The attempt runs into its deadline. */
  readonly isSlow?: true;
};

const GIB = 1024 ** 3;
const FLOOD_BYTES = 64 * 1024;

const accepted: AttemptOutcome = { kind: "accepted", status: 200 };
const refused = (status: number, retryAfterMs?: number): AttemptOutcome =>
  retryAfterMs === undefined ? { kind: "refused", status } : { kind: "refused", status, retryAfterMs };
const unreachable = (cause: "reset" | "timeout" | "protocol"): AttemptOutcome => ({ kind: "unreachable", cause });

const saying = (text: string | Buffer) => (socket: Socket) => void socket.write(text);
const OK_OF = (bytes: number, ...lines: string[]) =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}content-length: ${bytes}\r\n\r\n`;

/** Writes the same bytes for as long as the other end takes them, at most that many. */
function flooding(head: string, piece: Buffer, bytesMax: number) {
  return (socket: Socket) => {
    let left = bytesMax;
    socket.write(head);
    const more = () => {
      while (left > 0 && !socket.destroyed) {
        left -= piece.length;
        if (!socket.write(piece)) {
          socket.once("drain", more);
          return;
        }
      }
    };
    more();
  };
}

function dripping(head: string, piece: string, everyMs: number) {
  return (socket: Socket) => {
    socket.write(head);
    const drip = setInterval(() => socket.write(piece), everyMs);
    socket.once("close", () => clearInterval(drip));
  };
}

/** Says something and then ends the connection, after it has gone out. */
function ending(text: string, how: "resetAndDestroy" | "destroy" | "end") {
  return (socket: Socket) => void socket.write(text, () => setImmediate(() => socket[how]()));
}

const filler = Buffer.alloc(FLOOD_BYTES, "y");
/** 16 MiB of nothing in 16 KiB. */
const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 });
const redirect = (status: number): HostileCase => ({
  name: `redirect by ${status}`,
  script: saying(answer(`${status} Moved`, "", "location: http://169.254.169.254/latest/meta-data/")),
  outcome: refused(status),
});

/** The hostile receivers that HTTP over a plain connection can be. */
export const HOSTILE_CASES: readonly HostileCase[] = [
  { name: "500", script: saying(answer("500 X", "oops")), outcome: refused(500), response: "oops" },
  { name: "429, seconds", script: saying(answer("429 X", "", "Retry-After: 7")), outcome: refused(429, 7000) },
  {
    name: "429, a date that is past",
    script: saying(answer("429 X", "", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT")),
    outcome: refused(429, 0),
  },
  {
    name: "429, a date beyond all reason",
    script: saying(answer("429 X", "", "Retry-After: Fri, 31 Dec 2399 23:59:59 GMT")),
    outcome: refused(429, 86_400_000),
  },
  { name: "503, seconds", script: saying(answer("503 X", "", "Retry-After: 3")), outcome: refused(503, 3000) },
  { name: "410", script: saying(answer("410 Gone")), outcome: refused(410) },
  ...[301, 302, 303, 307, 308].map(redirect),
  { name: "no answer", script: () => {}, outcome: unreachable("timeout"), isSlow: true },
  {
    name: "no body after the headers",
    script: saying(OK_OF(10)),
    outcome: unreachable("timeout"),
    isSlow: true,
  },
  {
    name: "half a status line",
    script: saying("HTTP/1.1 200"),
    outcome: unreachable("timeout"),
    isSlow: true,
  },
  {
    name: "one byte a second",
    script: dripping(OK_OF(100), "x", 1000),
    outcome: unreachable("timeout"),
    isSlow: true,
  },
  {
    name: "one header at a time without end",
    script: dripping("HTTP/1.1 200 OK\r\n", "x-a: b\r\n", 20),
    outcome: unreachable("timeout"),
    isSlow: true,
  },
  {
    name: "500 and a body that never ends",
    script: dripping("HTTP/1.1 500 X\r\ncontent-length: 999\r\n\r\n", "x", 20),
    outcome: refused(500),
    isSlow: true,
  },
  { name: "reset before the headers", script: ending("", "resetAndDestroy"), outcome: unreachable("reset") },
  { name: "closed before the headers", script: ending("", "end"), outcome: unreachable("reset") },
  {
    name: "reset in the headers",
    script: ending("HTTP/1.1 200 OK\r\nx-a", "resetAndDestroy"),
    outcome: unreachable("reset"),
  },
  { name: "reset after the headers", script: ending(OK_OF(10), "resetAndDestroy"), outcome: unreachable("reset") },
  { name: "closed in mid-body", script: ending(`${OK_OF(10)}abc`, "end"), outcome: unreachable("reset") },
  {
    name: "410, closed in mid-body",
    script: ending("HTTP/1.1 410 Gone\r\ncontent-length: 9\r\n\r\nabc", "end"),
    outcome: refused(410),
    response: "abc",
  },
  { name: "a garbage status line", script: saying("SSH-2.0-OpenSSH_9.9\r\n"), outcome: unreachable("protocol") },
  { name: "noise", script: saying(Buffer.alloc(4096, 0x80)), outcome: unreachable("protocol") },
  {
    name: "headers without end",
    script: flooding("HTTP/1.1 200 OK\r\n", Buffer.from("x-a: b\r\n".repeat(1024)), GIB),
    outcome: unreachable("protocol"),
  },
  {
    name: "one header without end",
    script: flooding("HTTP/1.1 200 OK\r\nx-a: ", filler, GIB),
    outcome: unreachable("protocol"),
  },
  {
    name: "100 Continue without end",
    script: flooding("", Buffer.from("HTTP/1.1 100 Continue\r\n\r\n".repeat(1024)), GIB),
    outcome: unreachable("protocol"),
  },
  {
    name: "103 Early Hints without end",
    script: flooding("", Buffer.from("HTTP/1.1 103 X\r\nlink: </a>\r\n\r\n".repeat(1024)), GIB),
    outcome: unreachable("protocol"),
  },
  { name: "a body of 1 GiB", script: flooding(OK_OF(GIB), filler, GIB), outcome: accepted, response: "y".repeat(1024) },
  {
    name: "500 and a body of 1 GiB",
    script: flooding(`HTTP/1.1 500 X\r\ncontent-length: ${GIB}\r\n\r\n`, filler, GIB),
    outcome: refused(500),
    response: "y".repeat(1024),
  },
  {
    name: "a body of unsaid length without end",
    script: flooding("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", filler, GIB),
    outcome: accepted,
  },
  {
    name: "one chunk of 1 GiB",
    script: flooding(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${GIB.toString(16)}\r\n`, filler, GIB),
    outcome: accepted,
  },
  {
    name: "a gzip bomb",
    script: (socket) => {
      socket.write(OK_OF(bomb.length, "content-encoding: gzip"));
      socket.write(bomb);
    },
    outcome: accepted,
  },
  {
    name: "a gzip bomb in the transfer encoding",
    script: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\nconnection: close\r\n\r\n");
      socket.end(bomb);
    },
    outcome: accepted,
  },
  {
    name: "200 before the body was read, which it never is",
    script: (socket) => {
      socket.pause();
      socket.write(answer("200 OK", "early"));
    },
    outcome: accepted,
    response: "early",
  },
  {
    name: "413 before the body was read, then hanging up",
    script: (socket) => void socket.end(answer("413 Too Large", "", "connection: close")),
    outcome: refused(413),
  },
];
