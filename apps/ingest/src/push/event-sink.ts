/** Where events go: one stream to one client. Nothing here throws; a sink that was cut off takes and drops all. */
export interface EventSink {
  /** @param json the event as the API shows it, one line */
  event(json: string, cursor: string): void;
  /** Events before the cursor are lost to this stream: the client has to read anew what it is about. */
  resync(cursor: string): void;
  /** A sign of life, with the place to resume from. */
  heartbeat(cursor: string): void;
  /** Nothing more will come, because there is nothing more. */
  end(cursor: string): void;
  /** Resolves when the client has taken what was sent, or is cut off for taking too long. */
  drained(): Promise<void>;
  /** Aborted when nothing can be sent any more: the client is gone, or was cut off. */
  readonly closed: AbortSignal;
}

/** Between two signs of life, milliseconds: below the idle timeouts of the usual proxies. */
export const heartbeatEveryMs = 15_000;

/** A stream that is ready to run: what could refuse it was asked for. It must be run, which ends what it holds. */
export interface OpenedStream {
  /** Resolves when it has ended or the sink is closed. */
  run(sink: EventSink): Promise<void>;
  /** There is nothing to send, and nothing will come. */
  isOver: boolean;
}
