/**
 * Loaded into every app by NODE_OPTIONS when one is to be profiled. In that app SIGUSR2 starts a CPU profile, and the
 * next one writes it: other than with `node --cpu-prof`, start and warm-up aren't in it.
 */
import { renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";

const intervalUs = 500;
const { BENCH_PROFILE_APPS = "", BENCH_PROFILE_FOLDER = "." } = process.env;
const app = BENCH_PROFILE_APPS.split(",").find((name) => process.argv[1]?.includes(`/apps/${name}/`));

if (app !== undefined) {
  let session: Session | undefined;
  let count = 0;
  process.on("SIGUSR2", async () => {
    if (session === undefined) {
      session = new Session();
      session.connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: intervalUs });
      await session.post("Profiler.start");
    } else {
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      session = undefined;
      count += 1;
      const file = join(BENCH_PROFILE_FOLDER, `${app}-${count}.cpuprofile`);
      // Whoever waits for the file finds it whole.
      writeFileSync(`${file}.part`, JSON.stringify(profile));
      renameSync(`${file}.part`, file);
    }
  });
}
