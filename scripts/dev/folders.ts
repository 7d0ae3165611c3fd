import { join } from "node:path";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const data = join(checkout, ".postback", "dev");

/** Where `npm start` keeps what. */
export const folders = {
  checkout,
  data,
  logs: join(data, "logs"),
  /** While it runs. */
  envFile: join(checkout, ".postback", "dev.env"),
  /** Which endpoint the demo receiver is, and its secret. */
  receiverFile: join(data, "receiver.json"),
} as const;
