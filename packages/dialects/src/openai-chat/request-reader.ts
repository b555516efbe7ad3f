import { isObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { RequestFailure } from '../failure.js';

/** Reads members of a request nobody has checked. The first wrong type is kept, named in the caller's own words; null counts as absent, as at OpenAI. */
export class RequestReader {
  failure: RequestFailure | null = null;

  wrong(param: string, what: string): void {
    this.failure ??= { code: 'invalid_request', message: `${param} must be ${what}.`, param };
  }

  text(owner: JsonObject, name: string, path: string): string | null {
    return this.#typed(owner, name, path, 'a string', (value) => typeof value === 'string') as string | null;
  }

  number(owner: JsonObject, name: string, path = ''): number | null {
    return this.#typed(owner, name, path, 'a number', Number.isFinite) as number | null;
  }

  boolean(owner: JsonObject, name: string, path = ''): boolean | null {
    return this.#typed(owner, name, path, 'a boolean', (value) => typeof value === 'boolean') as boolean | null;
  }

  object(owner: JsonObject, name: string, path = ''): JsonObject | null {
    return this.#typed(owner, name, path, 'an object', isObject) as JsonObject | null;
  }

  list(owner: JsonObject, name: string, path = ''): readonly unknown[] {
    return (this.#typed(owner, name, path, 'an array', Array.isArray) as readonly unknown[] | null) ?? [];
  }

  /** A list of objects; anything else in it is named by its place. */
  objects(owner: JsonObject, name: string, path = ''): readonly JsonObject[] {
    return this.list(owner, name, path).flatMap((value, index) => {
      if (isObject(value)) return [value];
      this.wrong(`${join(path, name)}[${index}]`, 'an object');
      return [];
    });
  }

  /** One of a vendor's words. */
  word<Word extends string>(owner: JsonObject, name: string, words: readonly Word[], path = ''): Word | null {
    const value = this.text(owner, name, path);
    if (value === null) return null;
    const known = words.find((word) => word === value);
    if (known === undefined) this.wrong(join(path, name), `one of ${words.join(', ')}`);
    return known ?? null;
  }

  #typed(owner: JsonObject, name: string, path: string, what: string, test: (value: unknown) => boolean): unknown {
    const value = owner[name];
    if (value === undefined || value === null) return null;
    if (test(value)) return value;
    this.wrong(join(path, name), what);
    return null;
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
