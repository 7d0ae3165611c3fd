import { SetupError } from "./setup-error.mjs";

const oldest = 20;

/** @param {string} [version] */
export function checkNode(version = process.versions.node) {
  if (Number.parseInt(version, 10) >= oldest) return;
  throw new SetupError(
    `This is Node ${version}; Postback needs Node ${oldest} or newer to set itself up.`,
    "Install a newer Node (https://nodejs.org, or your version manager) and run this again.",
  );
}
