import { isObject, list, number, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { TokenLogprob } from '../canonical/reply.js';

/** Reads `logprobsResult`: the chosen tokens, and beside each the likeliest ones. */
export function decodeLogprobs(result: unknown): readonly TokenLogprob[] | null {
  if (!isObject(result)) return null;
  const chosen = objects(result['chosenCandidates']);
  const tops = list(result['topCandidates']);
  if (chosen.length === 0) return null;
  return chosen.map((one, index) => {
    const top = tops[index];
    return { ...tokenOf(one), top: isObject(top) ? objects(top['candidates']).map(tokenOf) : [] };
  });
}

function tokenOf(one: JsonObject): Omit<TokenLogprob, 'top'> {
  return { token: text(one['token']) ?? '', logprob: number(one['logProbability']) ?? 0, bytes: null };
}

export function encodeLogprobs(tokens: readonly TokenLogprob[]): JsonObject {
  return {
    chosenCandidates: tokens.map(({ token, logprob }) => ({ token, logProbability: logprob })),
    topCandidates: tokens.map(({ top }) => ({
      candidates: top.map(({ token, logprob }) => ({ token, logProbability: logprob })),
    })),
  };
}
