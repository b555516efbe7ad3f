import {
  compatibleProviders,
  type Endpoint,
  type Environment,
  type ModelOperation,
  PROVIDERS,
  type ProviderInfo,
  providerInfo,
  upstreamModel,
} from '@tollgate/catalog';
import type { Attempt, Availability } from '@tollgate/routing';
import {
  type FoundAccess,
  findAccess,
  type ProviderAccess,
  sandboxAccess,
  type TokenSource,
} from './provider-access.js';

/**
 * The one credential source: which providers this process can reach, where, and as whom. Everything is resolved once from the variables it was
 * given; a managed credential is bound to the address of its provider from then on.
 */
export class ProviderDirectory {
  private readonly found = new Map<string, FoundAccess>();
  private readonly sandboxes = new Map<string, ProviderAccess>();

  constructor(
    private readonly environment: Environment,
    private readonly sandboxUrl: string | null,
    private readonly tokens: TokenSource,
  ) {
    for (const provider of [...PROVIDERS, ...compatibleProviders(environment)])
      for (const operation of operationsOf(provider)) this.look(provider, operation);
  }

  /** A provider with a credential is real; without one the sandbox stands in, where there is one. */
  availability(endpoint: Endpoint): Availability {
    const found = this.accessFor(endpoint);
    if (found.kind === 'found') return { ok: true, credential: 'environment' };
    return this.sandboxUrl === null ? { ok: false, reason: found.reason } : { ok: true, credential: 'sandbox' };
  }

  access({ endpoint, credential }: Attempt): ProviderAccess {
    if (credential === 'sandbox') return this.sandbox(endpoint);
    const found = this.accessFor(endpoint);
    if (found.kind === 'missing') throw new Error(`provider ${endpoint.provider} has no credential`);
    return found.access;
  }

  /** The id a provider is asked for. The sandbox is asked for the same. */
  upstreamModel({ provider: id, providerModel }: Endpoint): string {
    const provider = providerInfo(id);
    if (!provider) throw new Error(`an endpoint names the unknown provider ${id}`);
    return upstreamModel(provider, providerModel, this.environment);
  }

  /** ids of the providers that are real */
  realProviders(): readonly string[] {
    return [
      ...new Set([...this.found].flatMap(([key, { kind }]) => (kind === 'found' ? [key.split(' ')[0] ?? ''] : []))),
    ];
  }

  /** Where this process may connect to at all. */
  origins(): ReadonlySet<string> {
    const origins = new Set<string>();
    for (const found of this.found.values()) if (found.kind === 'found') origins.add(found.access.origin);
    if (this.sandboxUrl !== null) origins.add(new URL(this.sandboxUrl).origin);
    return origins;
  }

  private accessFor(endpoint: Endpoint): FoundAccess {
    const known = this.found.get(keyOf(endpoint.provider, endpoint.operation));
    return known ?? { kind: 'missing', reason: 'this gateway was not told how to reach it' };
  }

  private look(provider: ProviderInfo, operation: ModelOperation): void {
    this.found.set(keyOf(provider.id, operation), findAccess(provider, operation, this.environment, this.tokens));
  }

  private sandbox(endpoint: Endpoint): ProviderAccess {
    const key = keyOf(endpoint.provider, endpoint.operation);
    const known = this.sandboxes.get(key);
    if (known) return known;
    const provider = providerInfo(endpoint.provider);
    if (!provider || this.sandboxUrl === null) throw new Error('an attempt names the sandbox, and there is none');
    const access = sandboxAccess(provider, endpoint.operation, this.sandboxUrl);
    this.sandboxes.set(key, access);
    return access;
  }
}

function keyOf(provider: string, operation: ModelOperation): string {
  return `${provider} ${operation}`;
}

function operationsOf(provider: ProviderInfo): readonly ModelOperation[] {
  const operations = provider.operations;
  return (Object.keys(operations) as ModelOperation[]).filter((operation) => operations[operation] !== undefined);
}
