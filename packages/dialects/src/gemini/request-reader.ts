import { isObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { FailureCode, RequestFailure } from '../failure.js';

const INTEGER = /^-?\d{1,15}$/;

/**
 * Reads a request that nobody has checked. The first thing that is wrong is kept as the refusal and reading goes on with nothing in its place, so
 * that no decoder has to carry failures about. Absent and null are the same.
 */
export class RequestReader {
  failure: RequestFailure | null = null;

  refuse(code: FailureCode, message: string, param: string): void {
    this.failure ??= { code, message, param };
  }

  wrong(path: string, what: string): null {
    this.refuse('invalid_request', `${path} must be ${what}.`, path);
    return null;
  }

  object(value: unknown, path: string): JsonObject | null {
    if (value === undefined || value === null) return null;
    return isObject(value) ? value : this.wrong(path, 'an object');
  }

  /** A repeated field: protobuf's JSON takes one value for a list of one, and Google's own examples write `"parts": {…}`. */
  objects(value: unknown, path: string): readonly JsonObject[] {
    if (value === undefined || value === null) return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const wrong = values.findIndex((one) => !isObject(one));
    if (wrong === -1) return values.filter(isObject);
    this.wrong(Array.isArray(value) ? `${path}[${wrong}]` : path, 'an object');
    return [];
  }

  text(value: unknown, path: string): string | null {
    if (value === undefined || value === null) return null;
    return typeof value === 'string' ? value : this.wrong(path, 'a string');
  }

  texts(value: unknown, path: string): readonly string[] {
    if (value === undefined || value === null) return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isFine = values.every((one) => typeof one === 'string');
    if (!isFine) this.wrong(path, 'an array of strings');
    return isFine ? (values as readonly string[]) : [];
  }

  boolean(value: unknown, path: string): boolean | null {
    if (value === undefined || value === null) return null;
    return typeof value === 'boolean' ? value : this.wrong(path, 'a boolean');
  }

  /** Protobuf's JSON takes numbers written as strings, too. */
  number(value: unknown, path: string): number | null {
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    const isDecimal = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value);
    return isDecimal ? Number(value) : this.wrong(path, 'a number');
  }

  integer(value: unknown, path: string): number | null {
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    return typeof value === 'string' && INTEGER.test(value) ? Number(value) : this.wrong(path, 'an integer');
  }
}
