import type { RequestFailure } from '../failure.js';
import { isObject, type JsonObject, REQUEST_LIMITS } from '../openai-chat/wire.js';

/**
 * Reads the members of a request that are priced or routed on. Absent and null are the same; the first member that is not what it must be is
 * kept as the failure, and what is read after it does not matter.
 */
export class Fields {
  failure: RequestFailure | null = null;

  constructor(private readonly request: JsonObject) {}

  /** The model's name; missing is a refusal unless the vendor has a default. */
  model(standard: string | null = null): string {
    const value = this.request['model'] ?? standard;
    if (value === null || value === undefined) return this.wrong('model', 'model is missing.') ?? '';
    const isName = typeof value === 'string' && value.length > 0 && value.length <= REQUEST_LIMITS.modelCharacters;
    if (isName && !/\p{Cc}/u.test(value)) return value;
    this.wrong('model', `model must be a string of 1 to ${REQUEST_LIMITS.modelCharacters} characters.`);
    return '';
  }

  text(name: string): string | null {
    const value = this.request[name];
    if (value === undefined || value === null || typeof value === 'string') return value ?? null;
    return this.wrong(name, `${name} must be a string.`);
  }

  /** A text that must be there, with something in it. */
  filled(name: string): string {
    const value = this.request[name];
    if (value === undefined || value === null) return this.wrong(name, `${name} is missing.`) ?? '';
    if (typeof value === 'string' && value !== '') return value;
    return this.wrong(name, `${name} must be a string that is not empty.`) ?? '';
  }

  boolean(name: string): boolean | null {
    const value = this.request[name];
    if (value === undefined || value === null || typeof value === 'boolean') return value ?? null;
    return this.wrong(name, `${name} must be a boolean.`);
  }

  integer(name: string, least: number, most: number): number | null {
    const value = this.request[name];
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.wrong(name, `${name} must be an integer from ${least} to ${most}.`);
  }

  oneOf(name: string, words: readonly string[]): string | null {
    const value = this.request[name];
    if (value === undefined || value === null) return null;
    if (typeof value === 'string' && words.includes(value)) return value;
    return this.wrong(name, `${name} must be one of ${words.join(', ')}.`);
  }

  user(): string | null {
    const value = this.text('user');
    if (value === null || value.length <= REQUEST_LIMITS.userCharacters) return value === '' ? null : value;
    return this.wrong('user', `user must be a string of at most ${REQUEST_LIMITS.userCharacters} characters.`);
  }

  /** Labels for our log. */
  metadata(): Readonly<Record<string, string>> {
    const value = this.request['metadata'];
    if (value === undefined || value === null) return {};
    const message = 'metadata must be an object of at most 16 pairs of text: keys of 64, values of 512 characters.';
    if (!isObject(value)) return this.wrong('metadata', message) ?? {};
    const pairs = Object.entries(value);
    const isFine =
      pairs.length <= REQUEST_LIMITS.metadataPairs &&
      pairs.every(([key, text]) => key.length <= REQUEST_LIMITS.metadataKeyCharacters && isLabel(text));
    return isFine ? (value as Readonly<Record<string, string>>) : (this.wrong('metadata', message) ?? {});
  }

  /** Notes a refusal; the first one counts. */
  wrong(param: string, message: string, code: RequestFailure['code'] = 'invalid_request'): null {
    this.failure ??= { code, message, param };
    return null;
  }
}

function isLabel(value: unknown): boolean {
  return typeof value === 'string' && value.length <= REQUEST_LIMITS.metadataValueCharacters;
}
