import { describe, expect, it } from "vitest";
import { adviceFor, StartFailure } from "./start-failure.ts";

describe("the advice on a broker that doesn't start", () => {
  it.each([
    ["FATAL:  could not write lock file: No space left on device", "disk is full"],
    ["java.net.BindException: Address already in use", "port is taken"],
    ['FATAL:  lock file "postmaster.pid" already exists', "Another instance"],
    ["Failed to acquire lock on file .lock in /data. A Kafka instance in another process", "Another instance"],
    ["java.lang.OutOfMemoryError: Java heap space", "memory doesn't suffice"],
    ["has been compiled by a more recent version: UnsupportedClassVersionError", "Java is too old"],
    ["FATAL:  database files are incompatible with server", "another version"],
  ])("answers %j with %j", (log, words) => {
    expect(adviceFor(log)).toContain(words);
  });

  it("names the way out when the log says nothing known", () => {
    expect(adviceFor("something new")).toContain("docker compose up -d");
  });
});

it("shows reason, log, advice and where the whole log is", () => {
  const { message } = new StartFailure("Kafka ended while starting", "Address already in use", "/logs/kafka.log");
  expect(message).toMatch(/Kafka ended[\s\S]*Address already in use[\s\S]*port is taken[\s\S]*\/logs\/kafka\.log/);
});
