import { createHmac } from 'node:crypto';
import type { Endpoint, ProviderInfo } from '@tollgate/catalog';
import { type Host, type LaneTarget, quirksOf } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import type { Call } from './call.js';

/** Providers that host other vendors' dialects in an envelope of their own. */
const HOSTS: Readonly<Record<string, Host>> = {
  'google-vertex': 'vertex',
  azure: 'azure',
  cloudflare: 'cloudflare',
};

export interface LaneTargetOptions {
  /** keys the identifier by which providers tell our organisations apart */
  readonly safetySecret: string;
  /** what the provider is asked for: some ids depend on the region that is called */
  readonly upstreamModel: (endpoint: Endpoint) => string;
  /** the endpoint's model is known to think before it answers */
  readonly isReasoning: (endpoint: Endpoint) => boolean;
}

/**
 * The dialect an endpoint is spoken to in: the client's own where the provider has it too, so that nothing needs translating. Everybody else's
 * requests go to a thinking model through Responses, where there is one: only there does its sealed reasoning come out and go back in.
 */
function spokenDialect(
  { input: { dialect, operation } }: Call,
  { endpoint }: Attempt,
  { alsoSpeaks }: ProviderInfo,
  isReasoning: LaneTargetOptions['isReasoning'],
): string {
  if (operation !== undefined || alsoSpeaks.length === 0 || endpoint.dialect === dialect) return endpoint.dialect;
  if (alsoSpeaks.includes(dialect)) return dialect;
  const isForeign = endpoint.dialect === 'openai-chat' && alsoSpeaks.includes('openai-responses');
  return isForeign && isReasoning(endpoint) ? 'openai-responses' : endpoint.dialect;
}

/** Everything about an endpoint that the bytes of a request to it, and of the answer from it, depend on. */
export function laneTarget(
  call: Call,
  attempt: Attempt,
  provider: ProviderInfo,
  { safetySecret, upstreamModel, isReasoning }: LaneTargetOptions,
): LaneTarget {
  const { endpoint } = attempt;
  const quirks = quirksOf(provider.id);
  return {
    dialect: spokenDialect(call, attempt, provider, isReasoning),
    host: HOSTS[provider.id] ?? 'direct',
    model: upstreamModel(endpoint),
    publicModel: endpoint.modelId,
    provider: provider.id,
    providerName: provider.name,
    quirks,
    outputMax: call.clampedOutput,
    safetyIdentifier:
      quirks.safetyIdentifierField === null ? null : safetyIdentifier(safetySecret, call.principal.organizationId),
    requestId: call.input.requestId,
    created: Math.floor(call.input.startedAtMs / 1000),
  };
}

const identifiers = new Map<string, string>();
const IDENTIFIERS_MAX = 50_000;

/** Keyed, so that a provider can tell abusers apart and nobody can tell who they are. */
function safetyIdentifier(secret: string, organizationId: string): string {
  const known = identifiers.get(organizationId);
  if (known) return known;
  const identifier = `org-${createHmac('sha256', secret).update(organizationId).digest('hex').slice(0, 32)}`;
  if (identifiers.size >= IDENTIFIERS_MAX) identifiers.clear();
  identifiers.set(organizationId, identifier);
  return identifier;
}
