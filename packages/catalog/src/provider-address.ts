import type { ModelOperation } from './model-operation.js';
import type { ProviderAddress, ProviderInfo, TemplateAddress } from './provider.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ResolvedAddress =
  /** without a slash at the end */
  | { readonly kind: 'resolved'; readonly baseUrl: string }
  | { readonly kind: 'missing'; readonly variables: readonly string[] }
  /** a variable is set to something that cannot be an address; the value itself is not repeated */
  | { readonly kind: 'invalid'; readonly variable: string; readonly problem: string };

/** The base URL of a provider for an operation, from the variables it is made of. Pure: the environment is a parameter. */
export function providerBaseUrl(
  provider: Pick<ProviderInfo, 'address' | 'operations'>,
  environment: Environment,
  operation: ModelOperation = 'chat',
): ResolvedAddress {
  return resolve(provider.operations[operation]?.address ?? provider.address, environment);
}

function resolve(address: ProviderAddress, environment: Environment): ResolvedAddress {
  switch (address.kind) {
    case 'fixed':
      return { kind: 'resolved', baseUrl: address.baseUrl };
    case 'template':
      return resolveTemplate(address, environment);
    case 'given': {
      const url = setting(environment, address.variable);
      return url === null
        ? { kind: 'missing', variables: [address.variable] }
        : resolveWhole(address.variable, url, '');
    }
  }
}

/** One label or a dotted name: nothing that could end the host, add credentials or climb a path. */
const SAFE = /^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.))*$/;

function resolveTemplate(address: TemplateAddress, environment: Environment): ResolvedAddress {
  const whole = address.whole === undefined ? null : setting(environment, address.whole.variable);
  if (whole !== null && address.whole !== undefined)
    return resolveWhole(address.whole.variable, whole, address.whole.path);
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const variable of address.variables) {
    const value = setting(environment, variable) ?? address.defaults?.[variable] ?? null;
    if (value === null) missing.push(variable);
    else if (!SAFE.test(value))
      return { kind: 'invalid', variable, problem: 'letters, digits, dots, dashes and underscores only' };
    else values.set(variable, value);
  }
  if (missing.length > 0) return { kind: 'missing', variables: missing };
  const { special } = address;
  const template =
    special !== undefined && values.get(special.variable) === special.value ? special.template : address.template;
  return {
    kind: 'resolved',
    baseUrl: template.replace(/\{([A-Z0-9_]+)\}/g, (_match, name: string) => values.get(name) ?? ''),
  };
}

/** A URL an operator wrote. What it says beyond scheme, host, port and path would be lost or leak, so it is refused. */
function resolveWhole(variable: string, text: string, path: string): ResolvedAddress {
  const invalid = (problem: string): ResolvedAddress => ({ kind: 'invalid', variable, problem });
  if (!URL.canParse(text)) return invalid('not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    return invalid('https, or http on the loopback interface');
  if (url.username !== '' || url.password !== '') return invalid('a credential does not belong into a URL');
  if (url.search !== '' || url.hash !== '') return invalid('no query and no fragment');
  const own = url.pathname.replace(/\/+$/, '');
  return { kind: 'resolved', baseUrl: `${url.origin}${own === '' ? path : own}` };
}

/** The URL parser has brought every spelling of an IPv4 address to four numbers. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** A variable that is blank is not set. */
function setting(environment: Environment, variable: string): string | null {
  const value = environment[variable]?.trim();
  return value === undefined || value === '' ? null : value;
}
