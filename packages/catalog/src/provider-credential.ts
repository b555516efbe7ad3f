import type { ModelOperation } from './model-operation.js';
import type { ProviderAuthentication, ProviderInfo } from './provider.js';
import type { Environment } from './provider-address.js';

export type ProviderCredential =
  | {
      readonly kind: 'complete';
      readonly authentication: ProviderAuthentication;
      /** the secrets by the name of their variable, optional ones where they are set; empty: the provider asks for none */
      readonly values: Readonly<Record<string, string>>;
    }
  /** none of the alternatives is complete: what each one would still need */
  | { readonly kind: 'missing'; readonly alternatives: readonly (readonly string[])[] };

/** The first complete credential of a provider. Pure: the environment is a parameter; a blank variable is not set. */
export function providerCredential(
  provider: Pick<ProviderInfo, 'credentials'>,
  environment: Environment,
): ProviderCredential {
  const alternatives: string[][] = [];
  for (const { authentication, required, optional } of provider.credentials) {
    const values: Record<string, string> = {};
    for (const variable of [...required, ...optional]) {
      const value = environment[variable]?.trim();
      if (value) values[variable] = value;
    }
    const missing = required.filter((variable) => values[variable] === undefined);
    if (missing.length === 0) return { kind: 'complete', authentication, values };
    alternatives.push(missing);
  }
  return { kind: 'missing', alternatives };
}

/** How a complete credential is shown for an operation: an interface beside the provider's own may want the same key elsewhere. */
export function operationAuthentication(
  provider: Pick<ProviderInfo, 'operations'>,
  credential: Extract<ProviderCredential, { kind: 'complete' }>,
  operation: ModelOperation,
): ProviderAuthentication {
  return provider.operations[operation]?.authentication ?? credential.authentication;
}
