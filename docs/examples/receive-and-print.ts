import { createServer } from "node:http";
import { createReceiver, memoryStore, nodeHandler } from "@postback/receiver";

const receiver = createReceiver<{ "order.placed": { orderId: string } }>({
  keys: process.env["WEBHOOK_SECRET"] ?? "",
  store: memoryStore(),
  on: { "order.placed": ({ data }) => console.log(data.orderId) },
  onError: console.error,
});
createServer(nodeHandler(receiver)).listen(Number(process.env["PORT"] ?? 3000));
