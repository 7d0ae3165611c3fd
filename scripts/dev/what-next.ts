export interface Places {
  readonly envFile: string;
  readonly url: string;
  readonly receiverPage: string;
  readonly logs: string;
}

const headers = `-H "Authorization: Bearer $POSTBACK_API_KEY" -H 'Content-Type: application/json'`;

/** Lines that submit an order, wait a moment and show what became of it; each order has an id of its own. */
function order(paymentToken: string, amount = 4200): string {
  const input = `{"orderId":"mine-'$RANDOM'","customerId":"customer-1","items":[{"sku":"sku-1","quantity":1}],"currency":"EUR","amount":${amount},"paymentToken":"${paymentToken}"}`;
  return `operation=$(curl -s "$POSTBACK_URL/v1/operations" ${headers} \\
    -d '{"type":"order.place","input":${input}}' \\
    | grep -o '/v1/operations/[0-9a-f-]*' | head -1)
  sleep 1; curl -s "$POSTBACK_URL$operation" -H "Authorization: Bearer $POSTBACK_API_KEY"; echo`;
}

const listener = `node -e 'require("node:http").createServer((q, s) => q.on("end", () => s.end()).pipe(process.stdout)).listen(9009, "127.0.0.1")' &`;

/** What to try while it runs, as lines that can be pasted into another terminal. */
export function whatNext({ envFile, url, receiverPage, logs }: Places): string {
  return `
What to try next, in another terminal:

  source '${envFile}'

# 1  Submit one yourself, and see what became of it
  ${order("tok_ok")}

# 2  Let a card be declined, and see the steps rolled back (error.rolledBack, reserve-stock compensated)
  ${order("tok_declined")}

# 3  Register a URL of your own: this one prints what arrives
  ${listener}
  sleep 1; curl -s "$POSTBACK_URL/v1/endpoints" ${headers} \\
    -d '{"url":"http://127.0.0.1:9009/","events":["order.*"]}'; echo

# 4  Change a step of the shop: in examples/shop/src/orders/place-order.ts begin the run of confirm-order with
#      if (input.amount > 10_000) throw refuse("too-dear", "Orders end at 100 EUR");
#    and save. The apps load it by themselves; then
  ${order("tok_ok", 20_000)}

  API       ${url}  (its description: ${url}/openapi.json)
  Receiver  ${receiverPage}  shows what has arrived
  Logs      ${logs}

Postback stays up. Ctrl-C stops it; the data is kept for the next start.
`;
}
