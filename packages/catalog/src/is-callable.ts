import type { Endpoint } from './model.js';
import { CALLABLE_DIALECTS } from './provider.js';
import { providerInfo } from './providers.js';

/** Whether a request can be sent to this endpoint at all, credentials aside: we know its provider and speak its dialect. */
export function isCallable(endpoint: Pick<Endpoint, 'dialect' | 'provider'>): boolean {
  return CALLABLE_DIALECTS.has(endpoint.dialect) && providerInfo(endpoint.provider) !== undefined;
}
