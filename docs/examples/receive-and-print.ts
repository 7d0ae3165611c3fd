import { createServer } from "node:http";
import { createReceiver, memoryStore, nodeHandler } from "@postback/receiver";

const { WEBHOOK_SECRET: secret = "", PORT: port = "3000" } = process.env;
const receiver = createReceiver<{ "order.placed": { orderId: string } }>({
  keys: secret,
  store: memoryStore(),
  on: { "order.placed": ({ data }) => console.log(data.orderId) },
  onError: console.error,
});
createServer(nodeHandler(receiver)).listen(Number(port));
