import { type NanousdPerMillion, parseUsdPerMillion } from '@tollgate/amount';
import type { ImportedPrice } from './imported-model.js';
import type { PriceComponent } from './price-component.js';

interface PriceSupplement {
  readonly provider: string;
  /** the entry of the price data it completes */
  readonly model: string;
  /** dollars per million units; a thousand searches for $25 are $25,000 a million */
  readonly usdPerMillion: Readonly<Partial<Record<PriceComponent, string>>>;
}

/**
 * Prices that the provider's own price list names and the imported data lacks. Without them these models' audio and searches could not
 * be billed exactly, and requests that use them would be refused. The data wins as soon as it has the price.
 */
export const PRICE_SUPPLEMENTS: readonly PriceSupplement[] = [
  { provider: 'openai', model: 'gpt-4o-audio-preview', usdPerMillion: { input_audio: '40', output_audio: '80' } },
  { provider: 'openai', model: 'gpt-4o-mini-audio-preview', usdPerMillion: { input_audio: '10', output_audio: '20' } },
  { provider: 'openai', model: 'gpt-4o-search-preview', usdPerMillion: { web_search: '25000' } },
];

/** The imported prices with what the table above adds; what the data already says is left as it is. */
export function supplemented(
  provider: string,
  model: string,
  prices: readonly ImportedPrice[],
): readonly ImportedPrice[] {
  const supplement = PRICE_SUPPLEMENTS.find((entry) => entry.provider === provider && entry.model === model);
  if (supplement === undefined) return prices;
  const added: Partial<Record<PriceComponent, NanousdPerMillion>> = {};
  for (const [component, text] of Object.entries(supplement.usdPerMillion)) {
    const parsed = parseUsdPerMillion(text);
    if (!parsed.ok) throw new Error(`the supplement for ${model} is not a price: ${text}`);
    added[component as PriceComponent] = parsed.value;
  }
  return prices.map((price) => ({
    ...price,
    schedule: { ...price.schedule, prices: { ...added, ...price.schedule.prices } },
  }));
}
