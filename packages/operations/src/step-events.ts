import { type Entity, entitySchema, idSchema } from "@postback/contracts";
import type { Json } from "@postback/domain";
import { z } from "zod";
import { toJson } from "./json-value.ts";
import { limits } from "./limits.ts";
import type { EmitOptions, EventSchemas } from "./step-context.ts";

export interface Emitted {
  readonly type: string;
  readonly data: Json;
  /** What the event is about, when not the operation's entity. */
  readonly entity?: Entity;
  /** The partners that it is for, when not those of the operation. */
  readonly audience?: readonly string[] | "everyone";
}

/** A step emitted what its catalog doesn't allow: a mistake of the definition, which no further attempt mends. */
export class InvalidEvent extends Error {
  readonly code = "invalid-event";
  constructor(type: string, why: string) {
    super(`The event ${type} ${why}`);
    this.name = "InvalidEvent";
  }
}

/** Collects what one attempt emits. A wrong one fails the attempt even when the step's code catches what it throws. */
export class StepEvents {
  readonly #schemas: EventSchemas;
  #emitted: Emitted[] = [];
  #wrong: InvalidEvent | undefined;
  #open = true;

  constructor(schemas: EventSchemas) {
    this.#schemas = schemas;
  }

  get emitted(): readonly Emitted[] {
    return this.#emitted;
  }

  get wrong(): InvalidEvent | undefined {
    return this.#wrong;
  }

  /** A new try: what an earlier one emitted was never told. */
  begin(): void {
    this.#emitted = [];
    this.#wrong = undefined;
  }

  /** The attempt is over: what its code emits from now on would be lost, so it throws. */
  close(): void {
    this.#open = false;
  }

  emit(type: string, data: unknown, options: EmitOptions = {}): void {
    if (!this.#open) throw new InvalidEvent(type, "was emitted after the step had ended");
    try {
      this.#add(type, this.#checked(type, data), options);
    } catch (error) {
      if (error instanceof InvalidEvent) this.#wrong ??= error;
      throw error;
    }
  }

  #add(type: string, data: Json, { entity, audience }: EmitOptions): void {
    if (this.#emitted.length >= limits.eventsPerStepMax) {
      throw new InvalidEvent(type, `is one more than the ${limits.eventsPerStepMax} that a step may emit`);
    }
    if (entity !== undefined && !entitySchema.safeParse(entity).success)
      throw new InvalidEvent(type, "has no valid entity");
    if (!isAudience(audience)) throw new InvalidEvent(type, "has an audience that is no list of partners' ids");
    this.#emitted.push({
      type,
      data,
      ...(entity === undefined ? {} : { entity }),
      ...(audience === undefined ? {} : { audience }),
    });
  }

  #checked(type: string, data: unknown): Json {
    const schema = Object.hasOwn(this.#schemas, type) ? this.#schemas[type] : undefined;
    if (schema === undefined) throw new InvalidEvent(type, "is not among the operation's events");
    const parsed = schema.safeParse(data);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new InvalidEvent(type, `breaks its schema at "${issue?.path.join("/") ?? ""}": ${issue?.message ?? ""}`);
    }
    const json = toJson(parsed.data, limits.eventDataMaxBytes);
    if (!json.ok) throw new InvalidEvent(type, json.why);
    return json.value;
  }
}

const audienceSchema = z.union([z.literal("everyone"), z.array(idSchema).max(limits.audienceMax)]);
/** Its type says what it must be; a step in JavaScript may say otherwise. */
const isAudience = (audience: unknown): boolean => audience === undefined || audienceSchema.safeParse(audience).success;
