import { diceOf } from '../../answers/dice.js';

/** One token with how likely it was, as OpenAI writes it. */
export interface WireLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
  readonly top_logprobs: readonly Omit<WireLogprob, 'top_logprobs'>[];
}

/** A token's logprob entry; the likelihood is made from the token, so it is always the same. */
export function asLogprob(token: string, topCount: number): WireLogprob {
  const dice = diceOf(`logprob ${token}`);
  const logprob = -(dice() ** 4) * 3;
  const others = Array.from({ length: Math.max(0, topCount - 1) }, (_, index) => {
    const other = `${token}${'~'.repeat(index + 1)}`;
    return { token: other, logprob: logprob - 1 - index - dice(), bytes: [...Buffer.from(other)] };
  });
  const own = { token, logprob, bytes: [...Buffer.from(token)] };
  return { ...own, top_logprobs: topCount > 0 ? [own, ...others] : [] };
}
