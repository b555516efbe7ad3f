import type { Lane } from '@tollgate/dialects';
import type { ProviderAccess } from '../upstream/provider-access.js';
import type { UpstreamRequest } from '../upstream/send.js';
import type { Call } from './call.js';

/** Everything that leaves for a provider, built from our own tables: no header of the caller's ever travels. */
export function providerRequest(
  call: Call,
  lane: Lane,
  access: ProviderAccess,
  limits: { readonly streamStallMs: number; readonly remainingMs: number },
): UpstreamRequest | Promise<UpstreamRequest> {
  const { isStream } = call.envelope;
  const { streamStallMs, remainingMs } = limits;
  const { origin } = access;
  const path = access.basePath + lane.path;
  const { body } = lane;
  const headers = {
    'content-type': lane.contentType,
    accept: isStream ? lane.accept : 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'tollgate',
    'x-tollgate-attempt': `${call.input.requestId}/${call.attempts.length}`,
    ...lane.headers,
  };
  const complete = (proof: Readonly<Record<string, string>>): UpstreamRequest => ({
    origin,
    path,
    headers: { ...headers, ...proof },
    body,
    headersTimeoutMs: Math.ceil(isStream ? Math.min(streamStallMs, remainingMs) : remainingMs),
    stallTimeoutMs: streamStallMs,
  });
  const proof = access.authenticate({ origin, path, headers, body });
  return proof instanceof Promise ? proof.then(complete) : complete(proof);
}
