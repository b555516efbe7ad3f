import { maxAmount, nanousd, type Nanousd } from '@tollgate/amount';
import type { openaiChat } from '@tollgate/dialects';
import { affordableOutputTokens, upperBound } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';

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
export function holdFor(
  envelope: openaiChat.ChatEnvelope,
  attempts: readonly Attempt[],
  markupBp: number,
  atMs: number,
): Hold {
  const outputTokens = outputBound(envelope, attempts);
  const least = Math.min(SMALLEST_ANSWER_TOKENS, outputTokens);
  const bound = (output: number) => boundOver(attempts, envelope.inputTokensBound, output, markupBp, atMs);
  return { wantNanousd: bound(outputTokens), floorNanousd: bound(least), outputTokens };
}

/**
 * The output maximum per choice that the granted amount pays for, or null when all of it is granted. Never below what the floor
 * has already paid for.
 */
export function clampFor(
  hold: Hold,
  granted: Nanousd,
  envelope: openaiChat.ChatEnvelope,
  attempts: readonly Attempt[],
  markupBp: number,
  atMs: number,
): number | null {
  if (granted >= hold.wantNanousd) return null;
  const tokens = affordableOutputTokens({
    availableNanousd: granted,
    schedules: attempts.map((attempt) => attempt.price.schedule),
    inputTokens: envelope.inputTokensBound,
    atMs,
    markupBp,
    wanted: hold.outputTokens,
  });
  return Math.max(1, Math.floor(tokens / envelope.choices));
}

function outputBound(envelope: openaiChat.ChatEnvelope, attempts: readonly Attempt[]): number {
  if (envelope.outputMax !== null) return envelope.outputMax * envelope.choices;
  const known = attempts.map((attempt) => attempt.endpoint.maxOutputTokens ?? UNBOUNDED_ANSWER_TOKENS);
  return Math.min(UNBOUNDED_ANSWER_TOKENS, Math.max(...known)) * envelope.choices;
}

function boundOver(
  attempts: readonly Attempt[],
  inputTokens: number,
  outputTokens: number,
  markupBp: number,
  atMs: number,
): Nanousd {
  const schedules = attempts.map((attempt) => attempt.price.schedule);
  return maxAmount(nanousd(1n), upperBound({ schedules, inputTokens, outputTokens, atMs, markupBp }));
}
