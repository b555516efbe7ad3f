/**
 * What a provider can put a price on. The names are those of the usage buckets in packages/dialects; they are declared
 * again because the catalogue knows nothing of wire formats (packages/pricing asserts that the two lists agree).
 */
export const PRICE_COMPONENTS = [
  'input',
  'input_audio',
  'input_image',
  'cache_read',
  'cache_read_audio',
  'cache_write_5m',
  'cache_write_1h',
  'output',
  'reasoning',
  'output_audio',
  'output_image',
  'web_search',
  'request',
  'character',
  'audio_second',
  'image',
  'search_unit',
] as const;

/** All tokens that go in, cached or not. */
export const INPUT_COMPONENTS = [
  'input',
  'input_audio',
  'input_image',
  'cache_read',
  'cache_read_audio',
  'cache_write_5m',
  'cache_write_1h',
] as const satisfies readonly PriceComponent[];

/** All tokens that come out. */
export const OUTPUT_COMPONENTS = [
  'output',
  'reasoning',
  'output_audio',
  'output_image',
] as const satisfies readonly PriceComponent[];

/** Things a request states the number of: characters to speak, seconds to transcribe, images to make, searches to rank. */
export const UNIT_COMPONENTS = [
  'character',
  'audio_second',
  'image',
  'search_unit',
] as const satisfies readonly PriceComponent[];

export type PriceComponent = (typeof PRICE_COMPONENTS)[number];
