import type { Command } from "./command.ts";
import { bootstrap } from "./commands/bootstrap.ts";
import { completionOf } from "./commands/completion.ts";
import { deadLetterCommands } from "./commands/dead-letters.ts";
import { deliveryCommands } from "./commands/deliveries.ts";
import { endpointCommands } from "./commands/endpoints.ts";
import { get } from "./commands/get.ts";
import { lag } from "./commands/lag.ts";
import { listen } from "./commands/listen.ts";
import { replay } from "./commands/replay.ts";
import { submit } from "./commands/submit.ts";
import { tail } from "./commands/tail.ts";

const working: readonly Command[] = [
  submit,
  get,
  tail,
  listen,
  ...endpointCommands,
  ...deliveryCommands,
  replay,
  ...deadLetterCommands,
  lag,
  bootstrap,
];

/** All of them, in the order of the help. */
export const commands: readonly Command[] = [...working, completionOf(working)];
