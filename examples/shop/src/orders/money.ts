import { z } from "zod";

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** ISO 4217. */
export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, "must be three capital letters (ISO 4217), like EUR")
  .refine((code) => currencies.has(code), "is no currency of ISO 4217")
  .meta({ example: "EUR" });

/** In the minor unit of the currency (cents): a whole number, so that nothing is rounded. */
export const amountSchema = z.int().min(1).max(1_000_000_000_000).meta({ example: 4200 });
