import { hash } from "node:crypto";
import { canonicalJson } from "@postback/domain";
import { z } from "zod";

/** Words about a value, which change nothing of what is accepted. */
const annotations = ["title", "description", "examples", "example", "deprecated", "$comment"] as const;

/**
 * SHA-256 of the schema as JSON Schema 2020-12, without its annotations; 64 hex digits. What JSON Schema can't say, the
 * function of a `refine` or a `transform`, isn't in it.
 */
export function schemaHash(schema: z.ZodType, io: "input" | "output"): string {
  const json = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      for (const annotation of annotations) delete jsonSchema[annotation];
    },
  });
  return hash("sha256", canonicalJson(json), "hex");
}
