import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { encode } from 'gpt-tokenizer';
import vocabulary from 'gpt-tokenizer/bpeRanks/o200k_base';

/** A piece of text as one stream delta carries it, and how many tokens it is. */
export interface Piece {
  readonly text: string;
  readonly tokens: number;
}

/** Text that looks like a control token is ordinary text here, as in the vendor's API. */
const asOrdinaryText = { disallowedSpecial: new Set<string>() };

/** Byte-pair merging is quadratic in one unbroken run, so longer runs are cut here; prose never reaches it. */
const longestRun = 256;
const runs = /(\p{L}{256}|\s{256}|[^\p{L}\p{N}\s]{256})/gu;

/** The o200k_base tokens of a text. */
export function tokensOf(text: string): number[] {
  if (text.length <= longestRun) return encode(text, asOrdinaryText);
  return text.split(runs).flatMap((part) => (part === '' ? [] : encode(part, asOrdinaryText)));
}

/** How many o200k_base tokens a text is. */
export function countTokens(text: string): number {
  return text === '' ? 0 : tokensOf(text).length;
}

/**
 * The text as single-token pieces. A token that ends inside a character waits for the next one, as on OpenAI's wire, so every piece is
 * whole text and the pieces joined are the text. (The tokenizer's own `decode` keeps half characters from one call to the next.)
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let waiting: Buffer[] = [];
  for (const token of tokensOf(text)) {
    const said = vocabulary[token];
    if (typeof said === 'string' && waiting.length === 0) {
      pieces.push({ text: said, tokens: 1 });
      continue;
    }
    waiting.push(Buffer.from(said ?? []));
    const bytes = Buffer.concat(waiting);
    if (!isUtf8(bytes)) continue;
    pieces.push({ text: bytes.toString('utf8'), tokens: waiting.length });
    waiting = [];
  }
  return pieces;
}

/** The pieces that fit in so many tokens. Tokens of a character that no longer fits are used up all the same. */
export function piecesWithin(
  pieces: readonly Piece[],
  mostTokens: number,
): { readonly pieces: Piece[]; readonly tokens: number; readonly cut: boolean } {
  const kept: Piece[] = [];
  let tokens = 0;
  for (const piece of pieces) {
    if (tokens + piece.tokens > mostTokens) return { pieces: kept, tokens: mostTokens, cut: true };
    kept.push(piece);
    tokens += piece.tokens;
  }
  return { pieces: kept, tokens, cut: false };
}

const shortestCachedPrefix = 1_024;
const cacheStep = 128;

/** One hash for each prefix that can be cached: 1,024 tokens and every further 128; empty for a shorter prompt. */
export function cacheablePrefixesOf(promptTokens: readonly number[]): string[] {
  const prefixes: string[] = [];
  const running = createHash('sha256');
  let hashed = 0;
  for (let length = shortestCachedPrefix; length <= promptTokens.length; length += cacheStep) {
    running.update(Uint32Array.from(promptTokens.slice(hashed, length)));
    hashed = length;
    prefixes.push(running.copy().digest('base64'));
  }
  return prefixes;
}

/** The length in tokens of the prefix at an index of `cacheablePrefixesOf`. */
export function prefixLength(index: number): number {
  return shortestCachedPrefix + index * cacheStep;
}
