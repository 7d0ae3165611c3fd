import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangePartnersOptions, createPartner, deletePartner, updatePartner } from "./change-partners.ts";
import { listPartners, type ReadPartnersOptions, showPartner } from "./read-partners.ts";

export type PartnerRoutesOptions = ChangePartnersOptions & ReadPartnersOptions;

export function partnerRoutes(router: Router, authorize: Authorize, options: PartnerRoutesOptions): void {
  router.post("/v1/partners", authorize("operator", createPartner(options)));
  router.get("/v1/partners", authorize("operator", listPartners(options)));
  router.get("/v1/partners/:id", authorize("operator", showPartner(options)));
  router.patch("/v1/partners/:id", authorize("operator", updatePartner(options)));
  router.delete("/v1/partners/:id", authorize("operator", deletePartner(options)));
}
