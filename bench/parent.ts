/** The other end of a {@link BenchChild}: what a child tells the bench and is told by it. */
export interface Parent<Order, Report> {
  tell(report: Report): void;
  onOrder(listener: (order: Order) => void): void;
}

/** Ends this process when the bench does, however that ends. @throws when the process wasn't started by the bench */
export function connectToParent<Order, Report extends object>(): Parent<Order, Report> {
  if (process.send === undefined) throw new Error("This is a part of the bench: npm run bench");
  process.once("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole group: the bench ends its parts itself, in order.
  process.on("SIGINT", () => undefined);
  return {
    tell: (report) => {
      if (process.connected) process.send?.(report);
    },
    // Both ends are of one build, so the type that the other end declares is the type that arrives.
    onOrder: (listener) => void process.on("message", (message) => listener(message as Order)),
  };
}
