/**
 * Why an answer ended. `other` keeps a provider's own word (`eos`); a blank or missing reason is no finish at all and is null where a finish may
 * stand, because only a named end proves that the answer is complete. `refusal`: the model declined (Anthropic's stop_reason). `pause`: the
 * provider stopped in the middle of its own tools and wants to be called again (Anthropic's pause_turn).
 */
export type Finish =
  | { readonly kind: 'stop' }
  | { readonly kind: 'length' }
  | { readonly kind: 'tool_calls' }
  | { readonly kind: 'content_filter' }
  | { readonly kind: 'function_call' }
  | { readonly kind: 'refusal' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'error' }
  | { readonly kind: 'other'; readonly raw: string };

/**
 * What a vendor's own word means, by the vendor's list of them. Null, missing and "" are no finish; a word that is not in the list is kept. Calls decide
 * over the word (S10): a stop with calls wants their results.
 */
export function namedFinish(raw: unknown, named: Readonly<Record<string, Finish>>, hasCalls = false): Finish | null {
  if (typeof raw !== 'string' || raw === '') return null;
  const finish = (Object.hasOwn(named, raw) ? named[raw] : undefined) ?? { kind: 'other', raw };
  return hasCalls && finish.kind === 'stop' ? { kind: 'tool_calls' } : finish;
}
