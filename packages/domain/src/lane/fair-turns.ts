/** Who waits for a common slot, in turn: by tenant, then by lane, each once a round (deficit round robin of unit cost). */
export class FairTurns<Lane extends { readonly tenantId: string }> {
  /** Maps and sets keep the order of insertion: whoever had a turn goes to the end. */
  readonly #tenants = new Map<string, Set<Lane>>();

  get size(): number {
    return this.#tenants.size;
  }

  /** Waits for a turn; once, however often it is added. */
  add(lane: Lane): void {
    const waiting = this.#tenants.get(lane.tenantId);
    if (waiting) waiting.add(lane);
    else this.#tenants.set(lane.tenantId, new Set([lane]));
  }

  /** Takes out whose turn it is. */
  next(): Lane | undefined {
    for (const [tenantId, lanes] of this.#tenants) {
      this.#tenants.delete(tenantId);
      const [lane] = lanes;
      if (lane === undefined) continue;
      lanes.delete(lane);
      if (lanes.size > 0) this.#tenants.set(tenantId, lanes);
      return lane;
    }
    return undefined;
  }
}
