import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/**
 * Tokens of a text by OpenAI's o200k vocabulary: our own count where a provider reported none.
 *
 * The merge of one unbroken run of letters or spaces is quadratic (100,000 times "a" takes 7 s), so a run is cut after
 * RUN_CHARACTERS; texts with spaces are cut at a space, where the vocabulary cuts anyway, and lose nothing.
 */
const RUN_CHARACTERS = 256;
/** Beyond this the rest is taken to be like the beginning: exactness there is not worth blocking everybody. */
export const EXACT_CHARACTERS = 400_000;
/** Text such as `<|endoftext|>` is text, never a control token. */
const NO_SPECIAL_TOKENS = { disallowedSpecial: new Set<string>() };

export function countTextTokens(text: string): number {
  if (text.length > EXACT_CHARACTERS) {
    const beginning = countTextTokens(text.slice(0, EXACT_CHARACTERS));
    return Math.ceil((beginning / EXACT_CHARACTERS) * text.length);
  }
  let tokens = 0;
  let from = 0;
  while (from < text.length) {
    const to = cutAfter(text, from);
    tokens += countTokens(text.slice(from, to), NO_SPECIAL_TOKENS);
    from = to;
  }
  return tokens;
}

/** The end of the next piece: the last space before RUN_CHARACTERS, else a hard cut that keeps surrogate pairs together. */
function cutAfter(text: string, from: number): number {
  const limit = from + RUN_CHARACTERS;
  if (limit >= text.length) return text.length;
  for (let index = limit; index > from + RUN_CHARACTERS / 2; index -= 1) {
    const isBreak = text.charCodeAt(index) === 32 && text.charCodeAt(index - 1) !== 32;
    if (isBreak) return index;
  }
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
}
