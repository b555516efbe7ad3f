import { maxAmount, type Nanousd, nanousd } from '@tollgate/amount';
import type { PriceComponent } from '@tollgate/catalog';
import type { Envelope } from '@tollgate/dialects';
import { affordableOutputTokens, type Bounds, upperBound } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import { billedUnit, canLowerOutput } from './measure.js';
import { unitsFor } from './priced-features.js';

/** Below this many output tokens an answer is not worth starting: the request is refused instead of clamped. */
const SMALLEST_ANSWER_TOKENS = 256;
/** What a request without an output maximum is held for, unless its model says less. */
const UNBOUNDED_ANSWER_TOKENS = 16_384;
/** What a stream counts as at first, per choice, and is held for unless it may think unseen: more is held while it runs. */
const LIKELY_ANSWER_TOKENS = 4_096;
const LIKELY_THINKING_ANSWER_TOKENS = 8_192;

export interface Hold {
  /** taken before anything leaves: for a stream that does not think what is likely, else all that may be asked for, at the dearest candidate */
  readonly wantNanousd: Nanousd;
  /** the least that lets the request start: input bound + min(256, requested output) */
  readonly floorNanousd: Nanousd;
  /** all the output that may be asked for, or what the caller will pay at most */
  readonly boundNanousd: Nanousd;
  /** over all choices; of the bound */
  readonly outputTokens: number;
  /** over all choices; what a limit of tokens counts at first */
  readonly firstOutputTokens: number;
  /** what the bound of any number of output tokens follows from; null where the output is no number of tokens */
  readonly bounds: TokenBounds | null;
}

export type TokenBounds = Omit<Bounds, 'outputTokens'>;

/** What so many output tokens, and the whole input, can cost at most: never nothing, so that every request has a hold. */
export function boundOf(bounds: TokenBounds, outputTokens: number): Nanousd {
  return maxAmount(nanousd(1n), upperBound({ ...bounds, outputTokens }));
}

/** What decides a hold, beside the request and its candidates. */
export interface HoldTerms {
  readonly markupBp: number;
  readonly atMs: number;
  /** the caller pays no more than this */
  readonly maxCostNanousd: Nanousd | null;
  /** a candidate may think without showing it */
  readonly isThinking: boolean;
}

/** How much to hold before anything leaves for a provider (DESIGN section 7, money.md section 0 item 7). */
export function holdFor(envelope: Envelope, attempts: readonly Attempt[], terms: HoldTerms): Hold {
  const outputTokens = outputBound(envelope, attempts, terms.isThinking);
  if (!canLowerOutput(envelope.operation)) return holdWhole(envelope, outputTokens, attempts, terms);
  const bounds = boundsOf(envelope, attempts, terms);
  const floorNanousd = boundOf(bounds, Math.min(SMALLEST_ANSWER_TOKENS, outputTokens));
  const boundNanousd = atMost(terms.maxCostNanousd, boundOf(bounds, outputTokens));
  const firstOutputTokens = Math.min(outputTokens, likelyTokens(envelope, terms) * envelope.choices);
  // Thinking that is not shown cannot be ended in its middle: all that the provider may bill is held, or the provider is told what is.
  const heldTokens = terms.isThinking ? outputTokens : firstOutputTokens;
  const wantNanousd = maxAmount(floorNanousd, atMost(terms.maxCostNanousd, boundOf(bounds, heldTokens)));
  return { wantNanousd, floorNanousd, boundNanousd, outputTokens, firstOutputTokens, bounds };
}

function likelyTokens({ isStream, outputMax }: Envelope, { isThinking }: HoldTerms): number {
  if (isStream) return isThinking ? LIKELY_THINKING_ANSWER_TOKENS : LIKELY_ANSWER_TOKENS;
  return outputMax ?? UNBOUNDED_ANSWER_TOKENS;
}

function atMost(limit: Nanousd | null, amount: Nanousd): Nanousd {
  return limit !== null && limit < amount ? limit : amount;
}

/** All of it or nothing: a picture cannot be made smaller. Each candidate is bounded by what it is billed by, tokens or pieces. */
function holdWhole(
  envelope: Envelope,
  outputTokens: number,
  attempts: readonly Attempt[],
  { markupBp, atMs }: HoldTerms,
): Hold {
  let wantNanousd = nanousd(1n);
  for (const attempt of attempts) {
    const unit = billedUnit(attempt, atMs);
    const measures =
      unit === null
        ? { inputTokens: envelope.inputTokensBound, outputTokens }
        : { inputTokens: 0, outputTokens: 0, units: { [unit]: envelope.units?.[unit] ?? 0 } };
    const bound = upperBound({ schedules: [attempt.price.schedule], atMs, markupBp, ...measures });
    wantNanousd = maxAmount(wantNanousd, bound);
  }
  const amounts = { wantNanousd, floorNanousd: wantNanousd, boundNanousd: wantNanousd };
  return { ...amounts, outputTokens, firstOutputTokens: outputTokens, bounds: null };
}

/**
 * The output maximum per choice that is told to the provider, because the balance or the caller's own limit affords no more; null when all
 * that may be asked for is affordable. Never below what the floor has already paid for. `affordable`: what is held, and what is left beside it.
 */
export function clampFor(hold: Hold, affordable: Nanousd, choices: number): number | null {
  const { bounds, outputTokens, boundNanousd } = hold;
  const limit = affordable < boundNanousd ? affordable : boundNanousd;
  if (bounds === null || limit >= boundOf(bounds, outputTokens)) return null;
  const tokens = affordableOutputTokens({ ...bounds, availableNanousd: limit, wanted: outputTokens });
  return Math.max(1, Math.floor(tokens / choices));
}

/** What every bound of one request shares. The dearest candidate and the dearest component count, of those the request can use at all. */
function boundsOf(envelope: Envelope, attempts: readonly Attempt[], { markupBp, atMs }: HoldTerms) {
  return {
    schedules: attempts.map((attempt) => attempt.price.schedule),
    inputTokens: envelope.inputTokensBound,
    atMs,
    markupBp,
    without: unusedComponents(envelope),
    webSearches: isSearching(envelope, attempts) ? 1 : 0,
  };
}

/** Asked for (then every candidate has a price for it), or done unasked by every candidate. */
function isSearching(envelope: Envelope, attempts: readonly Attempt[]): boolean {
  if (envelope.pricedFeatures.includes('web_search')) return true;
  return attempts.every((attempt) => unitsFor(envelope, attempt).web_search !== undefined);
}

/** Components that this request cannot be charged for: a text prompt must not be held at the price of audio. */
function unusedComponents({ pricedFeatures, features }: Envelope): readonly PriceComponent[] {
  const unused: PriceComponent[] = [];
  if (!pricedFeatures.includes('audio_input')) unused.push('input_audio', 'cache_read_audio');
  if (!pricedFeatures.includes('audio_output')) unused.push('output_audio');
  if (!pricedFeatures.includes('image_output')) unused.push('output_image');
  if (!pricedFeatures.includes('cache_write_1h')) unused.push('cache_write_1h');
  if (features.images === 0) unused.push('input_image');
  return unused;
}

function outputBound(envelope: Envelope, attempts: readonly Attempt[], isThinking: boolean): number {
  if (envelope.outputMax !== null) return envelope.outputMax * envelope.choices;
  const known = attempts.map((attempt) => attempt.endpoint.maxOutputTokens ?? UNBOUNDED_ANSWER_TOKENS);
  const most = Math.max(...known);
  return (isThinking ? most : Math.min(UNBOUNDED_ANSWER_TOKENS, most)) * envelope.choices;
}
