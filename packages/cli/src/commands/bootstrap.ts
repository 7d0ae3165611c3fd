import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, UsageError } from "../command.ts";

/** In a checkout and in the image of prepare. */
const script = "scripts/bootstrap.ts";

export const bootstrap: Command = {
  name: "bootstrap",
  summary: "Make the first key of the platform, in the database; run it where the server is installed",
  args: [],
  options: { another: { type: "boolean", description: "Although there is one" } },
  examples: ["DATABASE_URL=postgres://… postback bootstrap"],
  needsNoServer: true,
  async run({ given, signal }) {
    const path = resolve(script);
    if (!existsSync(path)) {
      throw new UsageError("It needs the server's own files: run it in a checkout of Postback, with DATABASE_URL set.");
    }
    const more = given.flag("another") ? ["--another"] : [];
    const child = spawn(process.execPath, [path, ...more], { stdio: "inherit", signal });
    const [code] = await once(child, "exit");
    return code === 0 ? 0 : 1;
  },
};
