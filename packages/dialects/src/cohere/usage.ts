import { count, isObject } from '../canonical/json-read.js';
import type { Usage } from '../usage.js';

/**
 * Reads `usage` of Cohere v2 into the partition. There are two counts of the same request (W36):
 *
 * | seen | meaning |
 * |---|---|
 * | billed_units {input_tokens, output_tokens} | what the invoice is made of: the caller's own tokens. Taken where it is there |
 * | tokens {input_tokens, output_tokens} | what the model read and wrote, with Cohere's own preamble (496 where 1 is billed) |
 * | cached_tokens (up to 1,360 beside 8 billed) | of `tokens`, and no discount on the invoice: not counted apart from what is billed |
 * | tokens.reasoning_tokens | inside the output, cut to it; billed like it |
 * | tokens.image_tokens 259 beside tokens.input_tokens 34, billed input 267 | billed_units has the image in its input |
 * | billed_units.search_units, classifications | billed by the piece |
 *
 * billed_units is taken because Cohere's price list is per billed token: charging for `tokens` would charge callers for Cohere's preamble, which
 * Cohere itself gives away. Null where neither count is there.
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const billed = isObject(raw['billed_units']) ? raw['billed_units'] : {};
  const tokens = isObject(raw['tokens']) ? raw['tokens'] : {};
  const output = count(billed['output_tokens']) ?? count(tokens['output_tokens']);
  const billedInput = count(billed['input_tokens']);
  const readInput = count(tokens['input_tokens']);
  const searches = count(billed['search_units']) ?? 0;
  if (output === null && billedInput === null && readInput === null) return null;
  const cached = billedInput === null ? Math.min(count(raw['cached_tokens']) ?? 0, readInput ?? 0) : 0;
  const reasoning = Math.min(count(tokens['reasoning_tokens']) ?? 0, output ?? 0);
  return {
    input: (billedInput ?? readInput ?? 0) - cached,
    ...(cached === 0 ? {} : { cache_read: cached }),
    output: (output ?? 0) - reasoning,
    ...(reasoning === 0 ? {} : { reasoning }),
    ...(searches === 0 ? {} : { search_unit: searches }),
  };
}
