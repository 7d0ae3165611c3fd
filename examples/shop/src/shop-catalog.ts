import { type CatalogDefinition, defineCatalog } from "@postback/operations";
import { shopEvents } from "./events.ts";
import { cancelOrder } from "./orders/cancel-order.ts";
import { checkoutOrder } from "./orders/checkout-order.ts";
import { placeOrder } from "./orders/place-order.ts";
import { adjustStock } from "./stock/adjust-stock.ts";

/** The shop with its payments at `paymentsUrl`, which ends with a slash. */
export const shopCatalog = (paymentsUrl: string): CatalogDefinition =>
  defineCatalog({
    name: "shop",
    operations: [placeOrder(paymentsUrl), checkoutOrder(paymentsUrl), cancelOrder(paymentsUrl), adjustStock],
    events: shopEvents,
    migrations: new URL("../migrations/", import.meta.url),
  });
