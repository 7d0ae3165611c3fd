type Schema = Readonly<Record<string, unknown>>;

/**
 * A JSON Schema, as our documents have them, as a TypeScript type. What a type can't say (patterns, bounds, formats) is left
 * to the server.
 * @param depth of the indentation
 * @throws Error for what our documents don't have, so that a new form is noticed and not passed by
 */
export function typeOf(schema: Schema, depth: number): string {
  const { $ref: ref, const: constant, enum: values, type } = schema;
  if (typeof ref === "string") return typeOfRef(ref);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  for (const [word, joined] of [
    ["oneOf", " | "],
    ["anyOf", " | "],
    ["allOf", " & "],
  ] as const) {
    const parts = schema[word];
    if (Array.isArray(parts)) return parts.map((part: Schema) => inBrackets(typeOf(part, depth))).join(joined);
  }
  if (Array.isArray(type)) return type.map((each: string) => typeOf({ ...schema, type: each }, depth)).join(" | ");
  return typeOfKind(schema, depth);
}

function typeOfKind(schema: Schema, depth: number): string {
  switch (schema["type"]) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `readonly ${inBrackets(typeOf((schema["items"] ?? {}) as Schema, depth))}[]`;
    case "object":
      return typeOfObject(schema, depth);
    case undefined:
      return "unknown";
    default:
      throw new Error(`there is no TypeScript type for ${JSON.stringify(schema)}`);
  }
}

function typeOfObject(schema: Schema, depth: number): string {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined) {
    const values = typeof additionalProperties === "object" ? typeOf(additionalProperties as Schema, depth) : "unknown";
    return `Readonly<Record<string, ${values}>>`;
  }
  const indent = "  ".repeat(depth + 1);
  const lines = Object.entries(properties as Record<string, Schema>).map(([name, property]) => {
    const optional = (required as readonly string[]).includes(name) ? "" : "?";
    const { description } = property;
    const comment = typeof description === "string" ? `${indent}/** ${description.replaceAll("*/", "*\\/")} */\n` : "";
    // `| undefined`, so that what a caller may or may not have can be given as it is; JSON leaves it out.
    const more = optional === "" ? "" : " | undefined";
    return `${comment}${indent}readonly ${nameOf(name)}${optional}: ${typeOf(property, depth + 1)}${more};`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

/** `#/components/schemas/Operation` → `Operation`; `…/Operation/properties/status` → `Operation["status"]`. */
function typeOfRef(ref: string): string {
  const [name, ...rest] = ref.replace("#/components/schemas/", "").split("/");
  const property = rest[0] === "properties" && rest.length === 2 ? rest[1] : undefined;
  if (name === undefined || (rest.length > 0 && property === undefined)) throw new Error(`${ref} leads to no schema`);
  return property === undefined ? name : `NonNullable<${name}[${JSON.stringify(property)}]>`;
}

const nameOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const inBrackets = (type: string): string =>
  /[|&]| readonly /.test(type) && !type.startsWith("{") ? `(${type})` : type;
