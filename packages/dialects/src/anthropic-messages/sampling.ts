import type { Wish } from '../canonical/asking.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { callersWord, type RequestMember } from '../canonical/request-words.js';
import type { ClaudeTraits } from './claude-traits.js';
import { isBlank } from './wire.js';

/** Thinking takes top_p only from here to 1, and neither temperature nor top_k. */
const THINKING_TOP_P_MIN = 0.95;

/** `temperature`, `top_p`, `top_k` as far as this model takes them beside what else was said. */
export function encodeSampling(
  { sampling, dialect }: CanonicalRequest,
  traits: ClaudeTraits,
  isThinking: boolean,
  losses: Losses,
): JsonObject {
  const drop = (parameter: RequestMember, value: number | null): null => {
    if (value !== null) losses.dropped(callersWord(dialect, parameter));
    return null;
  };
  const { temperature, topP, topK } = sampling;
  if (traits.sampling === 'none') {
    drop('temperature', temperature);
    drop('topP', topP);
    drop('topK', topK);
    return {};
  }
  const isTopPFree = !isThinking || (topP !== null && topP >= THINKING_TOP_P_MIN);
  const fitted = isThinking && temperature !== 1 ? drop('temperature', temperature) : temperature;
  const isOnlyOne = traits.sampling === 'one' && fitted !== null;
  if (fitted !== null && fitted > 1) losses.approximated(callersWord(dialect, 'temperature'));
  return {
    temperature: fitted === null ? null : Math.min(fitted, 1),
    top_p: isTopPFree && !isOnlyOne ? topP : drop('topP', topP),
    top_k: isThinking ? drop('topK', topK) : topK,
  };
}

/** Stop sequences of white space alone are a 400. */
export function encodeStop({ stop, dialect }: CanonicalRequest, losses: Losses): readonly string[] | null {
  const said = stop.filter((sequence) => !isBlank(sequence));
  if (said.length < stop.length) losses.dropped(callersWord(dialect, 'stop'));
  return said.length === 0 ? null : said;
}

/** What this dialect has no words for. */
export const UNSAYABLE: readonly Wish[] = [
  'choices',
  'logprobs',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'minP',
  'topA',
  'modalities',
  'audioOutput',
  'metadata',
  'promptCacheKey',
];
