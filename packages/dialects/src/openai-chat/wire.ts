import type { RequestFailure } from '../failure.js';

/** A JSON object after JSON.parse. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Limits of one request; past them it is refused by name, before anything is priced. */
export const REQUEST_LIMITS = {
  nestingDepth: 128,
  topLevelMembers: 1_000,
  /** values in one member: what a person or an agent writes has thousands, a bomb has millions */
  values: 100_000,
  modelCharacters: 256,
  userCharacters: 512,
  outputTokens: 100_000_000,
  choices: 128,
  metadataPairs: 16,
  metadataKeyCharacters: 64,
  metadataValueCharacters: 512,
} as const;

export type Refusal = { readonly ok: false; readonly failure: RequestFailure };

export function refuse(code: RequestFailure['code'], message: string, param: string | null = null): Refusal {
  return { ok: false, failure: { code, message, param } };
}
