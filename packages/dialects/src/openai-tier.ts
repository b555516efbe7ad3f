const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'priority', 'scale']);
/** Anthropic's, Google's and Groq's words for what everybody gets. */
const USUAL: ReadonlySet<string> = new Set(['standard', 'standard_only', 'on_demand']);

/** A service tier in OpenAI's words, which its types list; null: it has none for it. */
export function openaiTier(tier: string): string | null {
  if (TIERS.has(tier)) return tier;
  return USUAL.has(tier) ? 'default' : null;
}
