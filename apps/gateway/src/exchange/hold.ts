import { maxAmount, type Nanousd, nanousd } from '@tollgate/amount';
import type { PriceComponent } from '@tollgate/catalog';
import type { Envelope } from '@tollgate/dialects';
import { affordableOutputTokens, upperBound } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import { billedUnit, canLowerOutput } from './measure.js';
import { unitsFor } from './priced-features.js';

/** Below this many output tokens an answer is not worth starting: the request is refused instead of clamped. */
const SMALLEST_ANSWER_TOKENS = 256;
/** What a request without an output maximum is held for, unless its model says less. */
const UNBOUNDED_ANSWER_TOKENS = 16_384;

export interface Hold {
  /** input bound plus all the output that may be asked for, at the dearest candidate */
  readonly wantNanousd: Nanousd;
  /** the least that lets the request start: input bound + min(256, requested output) */
  readonly floorNanousd: Nanousd;
  readonly outputTokens: number;
}

/** How much to hold before anything leaves for a provider (DESIGN section 7, money.md section 0 item 7). */
export function holdFor(envelope: Envelope, attempts: readonly Attempt[], markupBp: number, atMs: number): Hold {
  const outputTokens = outputBound(envelope, attempts);
  if (!canLowerOutput(envelope.operation)) return holdWhole(envelope, outputTokens, attempts, markupBp, atMs);
  const bounds = boundsOf(envelope, attempts, markupBp, atMs);
  const bound = (output: number) => maxAmount(nanousd(1n), upperBound({ ...bounds, outputTokens: output }));
  const least = Math.min(SMALLEST_ANSWER_TOKENS, outputTokens);
  return { wantNanousd: bound(outputTokens), floorNanousd: bound(least), outputTokens };
}

/** All of it or nothing: a picture cannot be made smaller. Each candidate is bounded by what it is billed by, tokens or pieces. */
function holdWhole(
  envelope: Envelope,
  outputTokens: number,
  attempts: readonly Attempt[],
  markupBp: number,
  atMs: number,
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
  return { wantNanousd, floorNanousd: wantNanousd, outputTokens };
}

/**
 * The output maximum per choice that the granted amount pays for, or null when all of it is granted. Never below what the floor
 * has already paid for.
 */
export function clampFor(
  hold: Hold,
  granted: Nanousd,
  envelope: Envelope,
  attempts: readonly Attempt[],
  markupBp: number,
  atMs: number,
): number | null {
  if (granted >= hold.wantNanousd) return null;
  const bounds = boundsOf(envelope, attempts, markupBp, atMs);
  const tokens = affordableOutputTokens({ ...bounds, availableNanousd: granted, wanted: hold.outputTokens });
  return Math.max(1, Math.floor(tokens / envelope.choices));
}

/** What every bound of one request shares. The dearest candidate and the dearest component count, of those the request can use at all. */
function boundsOf(envelope: Envelope, attempts: readonly Attempt[], markupBp: number, atMs: number) {
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

function outputBound(envelope: Envelope, attempts: readonly Attempt[]): number {
  if (envelope.outputMax !== null) return envelope.outputMax * envelope.choices;
  const known = attempts.map((attempt) => attempt.endpoint.maxOutputTokens ?? UNBOUNDED_ANSWER_TOKENS);
  return Math.min(UNBOUNDED_ANSWER_TOKENS, Math.max(...known)) * envelope.choices;
}
