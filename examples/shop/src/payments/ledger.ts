/** Requests whose answers are remembered; past it the oldest is forgotten. Memory alone: this is an example's stand-in. */
const entriesMax = 100_000;

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ChargeRecord {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly token: string;
  readonly reference: string;
  refundId?: string;
}

/** What the payment service remembers, by idempotency key. */
export class PaymentLedger {
  readonly #charges = new Map<string, ChargeRecord>();
  readonly #declined = new Set<string>();
  /** Refunded before any charge: a late charge under such a key is refused. */
  readonly #voided = new Map<string, string>();
  readonly #flakyCalls = new Map<string, number>();
  refundsAllowed = false;

  chargeOf(key: string): ChargeRecord | undefined {
    return this.#charges.get(key);
  }

  /** Charges once under the key; the same answer again for the same key. */
  charge(key: string, wanted: Omit<ChargeRecord, "id" | "refundId">): Answer {
    const known = this.#charges.get(key);
    if (known !== undefined) return charged(known);
    if (this.#voided.has(key))
      return { status: 409, body: { error: "voided", message: "This key was refunded before" } };
    if (this.#declined.has(key) || wanted.token === "tok_declined") {
      this.#declined.add(bounded(this.#declined, key));
      return { status: 402, body: { error: "declined", message: "The card was declined" } };
    }
    if (wanted.token === "tok_flaky" && this.#countFlaky(key) <= 2)
      return { status: 503, body: { error: "unavailable" } };
    const record: ChargeRecord = { ...wanted, id: `ch_${crypto.randomUUID()}` };
    this.#charges.set(bounded(this.#charges, key), record);
    return charged(record);
  }

  /** Gives back what was charged under the key, once; nothing to give back is fine too, and stays so. */
  refund(chargeKey: string): Answer {
    const charge = this.#charges.get(chargeKey);
    if (charge === undefined) return { status: 200, body: { id: this.#void(chargeKey), status: "nothing-charged" } };
    if (charge.refundId === undefined && charge.token === "tok_refund_fails" && !this.refundsAllowed) {
      return { status: 403, body: { error: "refund-refused", message: "This charge can't be refunded" } };
    }
    charge.refundId ??= `re_${crypto.randomUUID()}`;
    return { status: 200, body: { id: charge.refundId, status: "refunded" } };
  }

  #void(key: string): string {
    const known = this.#voided.get(key);
    if (known !== undefined) return known;
    const id = `re_${crypto.randomUUID()}`;
    this.#voided.set(bounded(this.#voided, key), id);
    return id;
  }

  #countFlaky(key: string): number {
    const calls = (this.#flakyCalls.get(key) ?? 0) + 1;
    this.#flakyCalls.set(bounded(this.#flakyCalls, key), calls);
    return calls;
  }
}

const charged = ({ id, amount, currency }: ChargeRecord): Answer => ({
  status: 201,
  body: { id, status: "charged", amount, currency },
});

/** Makes room for the key, and gives it back. */
function bounded(entries: Map<string, unknown> | Set<string>, key: string): string {
  const [oldest] = entries.keys();
  if (entries.size >= entriesMax && !entries.has(key) && oldest !== undefined) entries.delete(oldest);
  return key;
}
