import type { Incoming } from '../attempt/incoming.js';
import type { Split } from '../attempt/split-sink.js';

/** A recording to answer the next fitting request with, once. */
export interface QueuedReplay {
  readonly case: string;
  readonly correlation?: string | undefined;
  readonly model?: string | undefined;
  readonly split?: Split | undefined;
}

/** Recordings waiting for their request. */
export interface ReplayQueue {
  push(item: QueuedReplay): void;
  /** The first item whose correlation and model (where named) are the request's; it is used up. */
  take(incoming: Incoming): QueuedReplay | null;
  clear(): void;
}

/** Makes an empty queue. */
export function createReplayQueue(): ReplayQueue {
  let items: QueuedReplay[] = [];
  return {
    push(item) {
      items.push(item);
    },
    take(incoming) {
      if (items.length === 0) return null;
      const at = items.findIndex(
        (item) =>
          (item.correlation === undefined || item.correlation === incoming.correlation) &&
          (item.model === undefined || item.model === incoming.model),
      );
      return at < 0 ? null : (items.splice(at, 1)[0] ?? null);
    },
    clear() {
      items = [];
    },
  };
}
