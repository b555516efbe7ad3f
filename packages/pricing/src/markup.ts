/** What is added to the provider's price, for whom, on what, from when until when. `null` means any. */
export interface MarkupRule {
  /** null: a rule of the house */
  readonly organizationId: string | null;
  /** the catalogue's id, `openai/gpt-5` */
  readonly model: string | null;
  readonly provider: string | null;
  /** basis points: 550 means 5.5 % */
  readonly markupBp: number;
  /** milliseconds since 1970, included */
  readonly effectiveFromMs: number;
  /** excluded; null: until further notice */
  readonly effectiveToMs: number | null;
}

/** All that decides the markup of one organisation's requests: its own rules, the house's, and what holds where none applies. */
export interface MarkupTerms {
  readonly rules: readonly MarkupRule[];
  readonly fallbackBp: number;
}

/**
 * The markup of a request admitted at an instant, in basis points. The most specific rule wins: the organisation's before the house's, and
 * among those the one for this model at this provider, then for the model, then for the provider, then for everything.
 * The rules are those of one organisation and of the house; the database keeps two of one subject from holding at once.
 */
export function markupFor(
  { rules, fallbackBp }: MarkupTerms,
  served: { readonly model: string; readonly provider: string },
  atMs: number,
): number {
  let best: MarkupRule | null = null;
  for (const rule of rules) {
    if (!isInForce(rule, atMs) || !isAbout(rule, served)) continue;
    if (best === null || rank(rule) > rank(best)) best = rule;
  }
  return best?.markupBp ?? fallbackBp;
}

function isInForce({ effectiveFromMs, effectiveToMs }: MarkupRule, atMs: number): boolean {
  return effectiveFromMs <= atMs && (effectiveToMs === null || atMs < effectiveToMs);
}

function isAbout(
  rule: MarkupRule,
  { model, provider }: { readonly model: string; readonly provider: string },
): boolean {
  return (rule.model === null || rule.model === model) && (rule.provider === null || rule.provider === provider);
}

function rank({ organizationId, model, provider }: MarkupRule): number {
  return (organizationId === null ? 0 : 4) + (model === null ? 0 : 2) + (provider === null ? 0 : 1);
}
