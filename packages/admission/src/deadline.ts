export type Bounded<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'late' };

/**
 * Waits for a promise at most `timeoutMs`; never rejects. When the timer fires after a stall of our own event loop, the answer may
 * already lie in the socket: one more turn of the loop lets it win, so that a busy gateway does not blame Redis.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<Bounded<T>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => setImmediate(() => setImmediate(resolve, { kind: 'late' })), timeoutMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve({ kind: 'value', value });
      },
      (error: unknown) => {
        clearTimeout(timer);
        resolve({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}
