import { findProvider } from '@pydantic/genai-prices';

/**
 * What a request must cost, computed without any of the product's code: prices straight from the published price data, usage straight
 * from the recorded answer, arithmetic over fractions of our own. Used only to disagree with the gateway.
 */
export interface RecordedUsage {
  readonly input: number;
  readonly cached: number;
  readonly inputAudio: number;
  readonly output: number;
  readonly outputAudio: number;
  /** what is billed per piece: searches */
  readonly searches: number;
}

/** OpenAI's definition: cached and audio tokens are part of prompt_tokens, reasoning and audio part of completion_tokens. */
export function readUsage(usage: Readonly<Record<string, unknown>>, isSearch: boolean): RecordedUsage {
  const prompt = details(usage.prompt_tokens_details);
  const completion = details(usage.completion_tokens_details);
  const cached = number(prompt.cached_tokens);
  const inputAudio = number(prompt.audio_tokens);
  const outputAudio = number(completion.audio_tokens);
  return {
    input: number(usage.prompt_tokens) - cached - inputAudio,
    cached,
    inputAudio,
    output: number(usage.completion_tokens) - outputAudio,
    outputAudio,
    searches: isSearch ? 1 : 0,
  };
}

/** Prices of OpenAI's own list that the data set lacks, in dollars per million. */
const SUPPLEMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gpt-4o-audio-preview': { input_audio_mtok: '40', output_audio_mtok: '80' },
  'gpt-4o-search-preview': { web_searches_kcount: '25' },
};

/** The charge in nano-dollars, rounded up once, or a reason why it cannot be known. */
export function independentCharge(
  providerId: string,
  model: string,
  usage: RecordedUsage,
  markupBp: number,
  at: Date,
): bigint | string {
  const prices = pricesOf(providerId, model, at);
  if (typeof prices === 'string') return prices;
  const total = usage.input + usage.cached + usage.inputAudio;
  const of = (name: string, fallback?: string): bigint | undefined =>
    perMillion(prices, name, total) ?? (fallback ? of(fallback) : undefined);
  const parts: [number, bigint | undefined][] = [
    [usage.input, of('input_mtok')],
    [usage.cached, of('cache_read_mtok', 'input_mtok')],
    [usage.inputAudio, of('input_audio_mtok', 'input_mtok')],
    [usage.output, of('output_mtok')],
    [usage.outputAudio, of('output_audio_mtok', 'output_mtok')],
    [usage.searches, perThousand(of('web_searches_kcount'))],
  ];
  let raw = 0n;
  for (const [quantity, price] of parts) {
    if (quantity === 0) continue;
    if (price === undefined) return 'a bucket has no price';
    raw += BigInt(quantity) * price;
  }
  const scaled = raw * BigInt(10_000 + markupBp);
  return (scaled + 9_999_999_999n) / 10_000_000_000n;
}

type Prices = Readonly<Record<string, unknown>>;

function pricesOf(providerId: string, model: string, at: Date): Prices | string {
  const provider = findProvider({ providerId });
  const known =
    provider?.models.find((candidate) => candidate.id === model) ??
    provider?.models.find((candidate) => JSON.stringify(candidate.match).includes(`"equals":"${model}"`));
  if (!known) return `no price is published for ${providerId} ${model}`;
  const stated: unknown = known.prices;
  const base = Array.isArray(stated) ? pickConditional(stated, at) : stated;
  return { ...(base as Prices), ...SUPPLEMENTS[model] };
}

/** Dated prices: the last whose start has come. */
function pickConditional(stated: readonly unknown[], at: Date): unknown {
  const day = at.toISOString().slice(0, 10);
  const candidates = stated.map(
    (entry) => entry as { constraint?: { start_date?: string; start_time?: string }; prices: unknown },
  );
  const dated = candidates.filter(
    (entry) => entry.constraint?.start_time === undefined && (entry.constraint?.start_date ?? '') <= day,
  );
  return dated.at(-1)?.prices ?? candidates[0]?.prices;
}

/** Dollars to nano-dollars by the digits of the number, never by multiplying a float. */
function perMillion(prices: Prices, name: string, inputTokens: number): bigint | undefined {
  const stated = prices[name];
  if (stated === undefined || stated === null) return undefined;
  if (typeof stated === 'object') {
    const tiered = stated as { base: number; tiers: readonly { start: number; price: number }[] };
    const reached = tiered.tiers.filter((tier) => inputTokens > tier.start).at(-1);
    return nano(reached ? reached.price : tiered.base);
  }
  return nano(stated as number | string);
}

function perThousand(price: bigint | undefined): bigint | undefined {
  return price === undefined ? undefined : price * 1000n;
}

function nano(value: number | string): bigint {
  const [mantissa = '0', exponent = '0'] = String(value).toLowerCase().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = 9 + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  throw new Error(`a price with more than nine decimals: ${value}`);
}

function details(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
