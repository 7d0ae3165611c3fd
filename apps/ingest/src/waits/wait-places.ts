/** Why a wait did not begin: too many on this instance, or of this key. */
export type NoPlace = "instance-full" | "key-full";

export interface WaitPlacesOptions {
  /** On this instance. */
  max: number;
  perKeyMax: number;
}

/** Bounds what is held open for clients, overall and for each API key. */
export class WaitPlaces {
  readonly #options: WaitPlacesOptions;
  readonly #byKey = new Map<string, number>();
  #taken = 0;

  constructor(options: WaitPlacesOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @returns what gives the place back, once; or why there is none */
  take(keyId: string): (() => void) | NoPlace {
    const { max, perKeyMax } = this.#options;
    const ofKey = this.#byKey.get(keyId) ?? 0;
    if (this.#taken >= max) return "instance-full";
    if (ofKey >= perKeyMax) return "key-full";
    this.#taken += 1;
    this.#byKey.set(keyId, ofKey + 1);
    let held = true;
    return () => {
      if (held) this.#giveBack(keyId);
      held = false;
    };
  }

  #giveBack(keyId: string): void {
    this.#taken -= 1;
    const left = (this.#byKey.get(keyId) ?? 1) - 1;
    if (left === 0) this.#byKey.delete(keyId);
    else this.#byKey.set(keyId, left);
  }
}
