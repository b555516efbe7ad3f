export interface EventuallyOptions {
  /** What is waited for, as the end of "timed out waiting until …". */
  readonly until: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Calls `probe` until it returns something other than undefined or false, and returns that. An error of the probe counts
 * as "not yet" and is told when time runs out, so that a red test says why and not only that.
 */
export async function eventually<Value>(
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
  { until, timeoutMs = 10_000, everyMs = 50 }: EventuallyOptions,
): Promise<Value> {
  const endsAtMs = Date.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() >= endsAtMs) {
      throw new Error(`timed out after ${timeoutMs} ms waiting until ${until}`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
