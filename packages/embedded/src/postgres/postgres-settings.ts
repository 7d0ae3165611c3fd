/** "durable": as production keeps its data, so figures are honest. "test": as fast as can be, lost at a power cut. */
export type PostgresProfile = "durable" | "test";

type Settings = Readonly<Record<string, string>>;

/** What every embedded server is started with, whatever its profile. */
const always: Settings = {
  // Only this machine may connect, and over TCP alone: socket files trip over path lengths and foreign /tmp rights.
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  // Three apps with their pools, and each test file with its own, fit in; the default 100 does not always.
  max_connections: "200",
  // The hot paths are a few small statements: compiling them costs more than it saves.
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // The message that tells us that it is ready must be in English.
  lc_messages: "C",
};

const profiles: Readonly<Record<PostgresProfile, Settings>> = {
  durable: {
    // These are the defaults, named because the bench's figures rest on them.
    fsync: "on",
    synchronous_commit: "on",
    full_page_writes: "on",
    shared_buffers: "128MB",
    // Checkpoints by time rather than by volume: at 2,500 deliveries/s the default 1 GB forces one each minute or two.
    max_wal_size: "2GB",
  },
  test: {
    // The data dies with the run, so nothing is written for the day after a crash. A killed server process still
    // recovers, because the operating system has what it wrote.
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    shared_buffers: "64MB",
    // No replica and no backup will ever read this log.
    wal_level: "minimal",
    max_wal_senders: "0",
    // A server of its own I/O workers (18's default) is three processes more for nothing.
    io_method: "sync",
  },
};

/** The command-line options of `postgres` for a profile. @param further win over those of the profile */
export function postgresOptions(profile: PostgresProfile, port: number, further: Settings = {}): string[] {
  const settings = { ...always, ...profiles[profile], ...further, port: String(port) };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
