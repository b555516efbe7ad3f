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
