import { type NanousdPerMillion, nanousdPerMillion, parseUsdPerMillion } from '@tollgate/amount';
import type { ImportedPrice } from './imported-model.js';
import type { PriceComponent } from './price-component.js';
import type { ComponentPrices, PriceSchedule } from './price-schedule.js';

/** Dollars per million units, as a decimal string: a thousand searches for $25 are $25,000 a million, a minute for $0.006 is $100 a million seconds. */
type UsdPerMillion = Readonly<Partial<Record<PriceComponent, string>>>;

interface PriceSupplement {
  readonly provider: string;
  /** the entry of the price data it completes */
  readonly model: string;
  readonly usdPerMillion: UsdPerMillion;
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

/** A model of a provider's own price list that the imported data does not have at all. The data wins as soon as it has it. */
export interface ModelSupplement {
  readonly provider: string;
  readonly model: string;
  readonly name: string;
  readonly usdPerMillion: UsdPerMillion;
}

/**
 * From the public price lists of OpenAI, Cohere and Mistral. A zero here is a price the provider states: moderation is free at OpenAI. Images of
 * DALL·E are missing on purpose: their price depends on size and quality, and one price by the piece would be wrong for most.
 */
export const MODEL_SUPPLEMENTS: readonly ModelSupplement[] = [
  { provider: 'openai', model: 'tts-1', name: 'TTS-1', usdPerMillion: { character: '15' } },
  { provider: 'openai', model: 'tts-1-hd', name: 'TTS-1 HD', usdPerMillion: { character: '30' } },
  { provider: 'openai', model: 'omni-moderation-latest', name: 'Omni Moderation', usdPerMillion: { input: '0' } },
  { provider: 'openai', model: 'davinci-002', name: 'Davinci 002', usdPerMillion: { input: '2', output: '2' } },
  { provider: 'openai', model: 'babbage-002', name: 'Babbage 002', usdPerMillion: { input: '0.4', output: '0.4' } },
  { provider: 'cohere', model: 'rerank-v3.5', name: 'Rerank 3.5', usdPerMillion: { search_unit: '2000' } },
  {
    provider: 'cohere',
    model: 'rerank-english-v3.0',
    name: 'Rerank English 3.0',
    usdPerMillion: { search_unit: '2000' },
  },
  {
    provider: 'cohere',
    model: 'rerank-multilingual-v3.0',
    name: 'Rerank Multilingual 3.0',
    usdPerMillion: { search_unit: '2000' },
  },
  { provider: 'cohere', model: 'embed-english-v3.0', name: 'Embed English 3.0', usdPerMillion: { input: '0.1' } },
  {
    provider: 'cohere',
    model: 'embed-multilingual-v3.0',
    name: 'Embed Multilingual 3.0',
    usdPerMillion: { input: '0.1' },
  },
  { provider: 'mistral', model: 'codestral-embed', name: 'Codestral Embed', usdPerMillion: { input: '0.15' } },
];

/** The imported prices with what the tables above add; what the data already says is left as it is. */
export function supplemented(
  provider: string,
  model: string,
  prices: readonly ImportedPrice[],
): readonly ImportedPrice[] {
  const supplement = PRICE_SUPPLEMENTS.find((entry) => entry.provider === provider && entry.model === model);
  const added = supplement === undefined ? {} : componentPrices(supplement.usdPerMillion);
  const completed =
    supplement === undefined
      ? prices
      : prices.map((price) => ({
          ...price,
          schedule: { ...price.schedule, prices: { ...added, ...price.schedule.prices } },
        }));
  return /claude/.test(model) ? withHourCache(completed) : completed;
}

/** The one price of a model that only the table above knows. */
export function supplementedPrices({ usdPerMillion }: ModelSupplement): readonly ImportedPrice[] {
  return [{ effectiveFromMs: 0, schedule: { prices: componentPrices(usdPerMillion), tiers: [], windows: [] } }];
}

function componentPrices(usdPerMillion: UsdPerMillion): ComponentPrices {
  const prices: Partial<Record<PriceComponent, NanousdPerMillion>> = {};
  for (const [component, text] of Object.entries(usdPerMillion)) {
    const parsed = parseUsdPerMillion(text);
    if (!parsed.ok) throw new Error(`a supplement is not a price: ${text}`);
    prices[component as PriceComponent] = parsed.value;
  }
  return prices;
}

/**
 * Anthropic charges writing the one-hour cache at twice the input, wherever Claude runs. Where the data has only the five-minute price, the
 * fallback to it would sell the hour below what it costs.
 */
function withHourCache(prices: readonly ImportedPrice[]): readonly ImportedPrice[] {
  const complete = (list: ComponentPrices): ComponentPrices =>
    list.cache_write_5m === undefined || list.cache_write_1h !== undefined || list.input === undefined
      ? list
      : { ...list, cache_write_1h: nanousdPerMillion(list.input * 2n) };
  const level = <T extends Pick<PriceSchedule, 'prices' | 'tiers'>>(part: T): T => ({
    ...part,
    prices: complete(part.prices),
    tiers: part.tiers.map((tier) => ({ ...tier, prices: complete(tier.prices) })),
  });
  return prices.map((price) => ({
    ...price,
    schedule: { ...level(price.schedule), windows: price.schedule.windows.map(level) },
  }));
}
