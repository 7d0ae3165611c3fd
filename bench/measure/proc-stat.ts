/** Ticks a second of /proc: USER_HZ, which is 100 on every architecture that Linux runs Node on (proc_pid_stat(5)). */
const ticksPerSecond = 100;
const usPerTick = 1e6 / ticksPerSecond;

export interface ProcessStat {
  readonly pid: number;
  /** The first 15 bytes of it. */
  readonly name: string;
  readonly parentPid: number;
  /** Of itself, all threads, user and system. */
  readonly ownUs: number;
  /** Of its children that have ended and that it has waited for, and theirs. */
  readonly endedChildrenUs: number;
}

/**
 * @param text of /proc/<pid>/stat, or of a thread's /proc/<pid>/task/<tid>/stat, proc_pid_stat(5): the name, field 2, is in brackets and may itself hold any character
 * @throws Error when it isn't in that form
 */
export function parseProcessStat(text: string): ProcessStat {
  const nameEnd = text.lastIndexOf(")");
  // From field 3, the state.
  const fields = text.slice(nameEnd + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  const stat = {
    pid: Number.parseInt(text, 10),
    parentPid: field(4),
    ownUs: (field(14) + field(15)) * usPerTick,
    endedChildrenUs: (field(16) + field(17)) * usPerTick,
  };
  if (Object.values(stat).every(Number.isFinite)) return { ...stat, name: text.slice(text.indexOf("(") + 1, nameEnd) };
  throw new Error(`This is no /proc/<pid>/stat: ${text}`);
}

export interface MachineStat {
  /** Of all cores together, since the machine was started. */
  readonly busyUs: number;
  /** Wanted by this machine but given to others by its host. */
  readonly stolenUs: number;
}

/**
 * @param text of /proc/stat, proc_stat(5): `cpu user nice system idle iowait irq softirq steal …`
 * @throws Error when it isn't in that form
 */
export function parseMachineStat(text: string): MachineStat {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(" ").map(Number) ?? [];
  const [user = Number.NaN, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  const stat = { busyUs: (user + nice + system + irq + softirq) * usPerTick, stolenUs: steal * usPerTick };
  if (Object.values(stat).every(Number.isFinite)) return stat;
  throw new Error(`This is no /proc/stat: ${text.slice(0, 80)}`);
}
