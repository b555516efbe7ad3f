import { isCallable } from './is-callable.js';
import { PROVIDERS } from './providers.js';

const RANK: ReadonlyMap<string, number> = new Map(
  (['first_party', 'host', 'reseller'] as const)
    .flatMap((kind) => PROVIDERS.filter((provider) => provider.kind === kind))
    .map((provider, index) => [provider.id, index]),
);

/** Endpoints in order of preference: those we can speak to first, then first party, host, reseller as the providers' table has them. */
export function orderEndpoints<T extends { readonly id: string; readonly provider: string; readonly dialect: string }>(
  endpoints: readonly T[],
): T[] {
  const rank = (endpoint: T): number =>
    (isCallable(endpoint) ? 0 : PROVIDERS.length) + (RANK.get(endpoint.provider) ?? PROVIDERS.length);
  return [...endpoints].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}
