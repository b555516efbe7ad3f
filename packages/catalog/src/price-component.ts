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

export type PriceComponent = (typeof PRICE_COMPONENTS)[number];
