import { createHmac } from 'node:crypto';
import type { ProviderInfo } from '@tollgate/catalog';
import { openaiChat } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import type { UpstreamRequest } from '../upstream/send.js';
import type { Call } from './call.js';

export interface ProviderRequestOptions {
  readonly credentials: ReadonlyMap<string, string>;
  readonly sandboxUrl: string | null;
  readonly provider: (id: string) => ProviderInfo | undefined;
  /** keys the per-organisation safety identifier, so that a provider can tell abusers apart and nobody can tell who they are */
  readonly safetySecret: string;
  readonly streamStallMs: number;
}

/** Everything that leaves for a provider, built from our own tables: no header of the caller's ever travels. */
export function providerRequest(
  options: ProviderRequestOptions,
  call: Call,
  attempt: Attempt,
  remainingMs: number,
): UpstreamRequest {
  const provider = options.provider(attempt.endpoint.provider);
  if (!provider) throw new Error(`endpoint ${attempt.endpoint.id} names an unknown provider`);
  const target = targetOf(options, attempt, provider);
  const body = openaiChat.spliceRequest(call.input.body, call.envelope, editsFor(options, call, attempt, provider));
  const { isStream } = call.envelope;
  return {
    origin: target.origin,
    path: target.path,
    headers: {
      'content-type': 'application/json',
      accept: isStream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      authorization: `Bearer ${target.secret}`,
      'user-agent': 'tollgate',
      'x-tollgate-attempt': `${call.input.requestId}/${call.attempts.length}`,
    },
    body: body.length === 1 && body[0] ? body[0] : Buffer.concat(body),
    headersTimeoutMs: Math.ceil(isStream ? Math.min(options.streamStallMs, remainingMs) : remainingMs),
    stallTimeoutMs: options.streamStallMs,
  };
}

interface Target {
  readonly origin: string;
  readonly path: string;
  readonly secret: string;
}

function targetOf(options: ProviderRequestOptions, attempt: Attempt, provider: ProviderInfo): Target {
  if (attempt.credential === 'sandbox') {
    if (!options.sandboxUrl) throw new Error('an attempt names the sandbox, and there is none');
    return { ...targetAt(`${options.sandboxUrl}/providers/${provider.id}/v1`), secret: 'sandbox' };
  }
  const secret = options.credentials.get(provider.id);
  if (!secret || !provider.baseUrl) throw new Error(`provider ${provider.id} has no credential`);
  return { ...targetAt(provider.baseUrl), secret };
}

const targets = new Map<string, { origin: string; path: string }>();

/** Base URLs are few and fixed: each is parsed once. */
function targetAt(baseUrl: string): { origin: string; path: string } {
  const known = targets.get(baseUrl);
  if (known) return known;
  const url = new URL(baseUrl);
  const target = { origin: url.origin, path: `${url.pathname.replace(/\/$/, '')}/chat/completions` };
  targets.set(baseUrl, target);
  return target;
}

function editsFor(
  options: ProviderRequestOptions,
  call: Call,
  attempt: Attempt,
  provider: ProviderInfo,
): openaiChat.RequestEdits {
  const { envelope, clampedOutput } = call;
  const identifier = provider.safetyIdentifierField;
  return {
    model: attempt.endpoint.providerModel,
    includeUsage: envelope.isStream && provider.supportsStreamOptions,
    forceStoreFalse: true,
    ...(clampedOutput === null
      ? {}
      : { outputMax: { field: provider.outputMaxField ?? 'max_completion_tokens', value: clampedOutput } }),
    ...(identifier
      ? { safetyIdentifier: { field: identifier, value: safetyIdentifier(options.safetySecret, call) } }
      : {}),
  };
}

const identifiers = new Map<string, string>();
const IDENTIFIERS_MAX = 50_000;

function safetyIdentifier(secret: string, call: Call): string {
  const { organizationId } = call.principal;
  const known = identifiers.get(organizationId);
  if (known) return known;
  const identifier = `org-${createHmac('sha256', secret).update(organizationId).digest('hex').slice(0, 32)}`;
  if (identifiers.size >= IDENTIFIERS_MAX) identifiers.clear();
  identifiers.set(organizationId, identifier);
  return identifier;
}
