import { parcels } from "./parcels.ts";

export default parcels("first");
