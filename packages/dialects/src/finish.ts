/**
 * Why an answer ended. `other` keeps a provider's own word (`eos`, `pause_turn`); a blank or missing reason is no finish
 * at all and is null where a finish may stand, because only a named end proves that the answer is complete.
 */
export type Finish =
  | { readonly kind: 'stop' }
  | { readonly kind: 'length' }
  | { readonly kind: 'tool_calls' }
  | { readonly kind: 'content_filter' }
  | { readonly kind: 'function_call' }
  | { readonly kind: 'error' }
  | { readonly kind: 'other'; readonly raw: string };
