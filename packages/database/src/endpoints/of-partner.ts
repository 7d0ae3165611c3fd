/** Narrows to what is a partner's own; undefined narrows nothing. */
export const ofPartner = (partnerId: string | undefined): { partnerId?: string } =>
  partnerId === undefined ? {} : { partnerId };
