import type { PriceComponent } from '@tollgate/catalog';
import type { UsageBucket } from '@tollgate/dialects';

/** Fails to compile when the buckets a request can use and the components a price can have are not the same names. */
type SameNames<A extends B, B extends C, C = A> = [A, B, C];
export type PriceComponentsAreUsageBuckets = SameNames<UsageBucket, PriceComponent, UsageBucket>;

/**
 * Whose price a bucket takes when it has none of its own; null: nobody's, such a quantity cannot be priced. A chain is
 * followed to its end (cache_write_1h → cache_write_5m → input). Falling back may charge more than the provider does for
 * a cached token, never less than nothing: a missing price is never zero.
 */
export const PRICE_FALLBACK: Readonly<Record<UsageBucket, UsageBucket | null>> = {
  input: null,
  input_audio: 'input',
  input_image: 'input',
  cache_read: 'input',
  cache_read_audio: 'cache_read',
  cache_write_5m: 'input',
  cache_write_1h: 'cache_write_5m',
  output: null,
  reasoning: 'output',
  output_audio: 'output',
  output_image: 'output',
  web_search: null,
  request: null,
  character: null,
  audio_second: null,
  image: null,
  search_unit: null,
};
