const requestLimit = 4_000;
const tokenLimit = 2_000_000;

/** The headers Anthropic sends with every answer; Vertex passes none of its limits on. `x-sandbox` says that it is neither. */
export function vendorHeaders(requestId: string, isVertex: boolean): Record<string, string> {
  const own = { 'request-id': requestId, 'x-sandbox': 'tollgate' };
  if (isVertex) return own;
  const resetAt = '2026-11-20T00:00:00Z';
  return {
    ...own,
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit': String(requestLimit),
    'anthropic-ratelimit-requests-remaining': String(requestLimit - 1),
    'anthropic-ratelimit-requests-reset': resetAt,
    'anthropic-ratelimit-tokens-limit': String(tokenLimit),
    'anthropic-ratelimit-tokens-remaining': String(tokenLimit),
    'anthropic-ratelimit-tokens-reset': resetAt,
  };
}
