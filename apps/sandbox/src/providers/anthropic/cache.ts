import { createHash } from 'node:crypto';
import type { PromptCache } from '../openai/prompt-cache.js';
import type { PromptRow } from './prompt.js';

/** How the tokens of one prompt met the cache; the rest of the prompt is plain input. */
export interface CacheUse {
  readonly readTokens: number;
  readonly written5mTokens: number;
  readonly written1hTokens: number;
}

const lifetimesMs = { '5m': 5 * 60_000, '1h': 60 * 60_000 } as const;
/** The vendor looks back so many blocks before a breakpoint for an entry that was written earlier. */
const lookBackBlocks = 20;

/**
 * Prompt caching as https://platform.claude.com/docs/en/build-with-claude/prompt-caching describes it: the longest prefix written at an
 * earlier breakpoint is read, and what follows it is written up to the last breakpoint, each stretch for the lifetime its breakpoint names.
 */
export function useCache(
  cache: PromptCache,
  account: string,
  row: PromptRow,
  leastTokens: number,
  atMs: number,
): CacheUse {
  const prefixes = prefixesOf(row, account);
  const breakpoints = row.blocks.flatMap((block, index) =>
    block.mark !== null && block.end >= leastTokens ? [{ index, end: block.end, mark: block.mark }] : [],
  );
  const readTokens = longestRead(cache, row, prefixes, breakpoints, atMs);
  const written = { '5m': 0, '1h': 0 };
  let from = readTokens;
  for (const { index, end, mark } of breakpoints) {
    if (end <= from) continue;
    written[mark] += end - from;
    cache.write(prefixes[index] ?? '', lifetimesMs[mark], atMs);
    from = end;
  }
  return { readTokens, written5mTokens: written['5m'], written1hTokens: written['1h'] };
}

function longestRead(
  cache: PromptCache,
  row: PromptRow,
  prefixes: readonly string[],
  breakpoints: readonly { readonly index: number }[],
  atMs: number,
): number {
  for (const { index } of breakpoints.toReversed()) {
    for (let at = index; at >= Math.max(0, index - lookBackBlocks); at -= 1) {
      const prefix = prefixes[at];
      if (prefix !== undefined && cache.read(prefix, atMs)) return row.blocks[at]?.end ?? 0;
    }
  }
  return 0;
}

/** A key for the prefix up to the end of each block. */
function prefixesOf(row: PromptRow, account: string): string[] {
  const running = createHash('sha256').update(account);
  let from = 0;
  return row.blocks.map(({ end }) => {
    running.update(Uint32Array.from(row.tokens.slice(from, end)));
    from = end;
    return `anthropic ${running.copy().digest('base64')}`;
  });
}
