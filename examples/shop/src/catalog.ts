import { readPaymentsUrl } from "./payments/payments-url.ts";
import { shopCatalog } from "./shop-catalog.ts";

/** What `POSTBACK_CATALOG` loads. The environment is read here, once. */
export default shopCatalog(readPaymentsUrl(process.env));
