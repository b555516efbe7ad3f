import type { z } from 'zod';
import { invalidRequest, unparsableBody, type WireError } from './errors.js';

type Issue = z.core.$ZodIssue;

/** The first thing a schema found wrong, in OpenAI’s words. */
export function errorOfIssue(issue: Issue | undefined, body: object): WireError {
  if (issue === undefined) return unparsableBody();
  if (issue.code === 'invalid_union') {
    const inner = deepestIssue(issue);
    if (inner !== null) return errorOfIssue({ ...inner, path: [...issue.path, ...inner.path] }, body);
  }
  const param = paramOf(issue.path);
  const given = valueAt(body, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const unknown = paramOf([...issue.path, issue.keys[0] ?? '']);
      return invalidRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
    }
    case 'too_small':
      return tooSmall(param, issue.origin, Number(issue.minimum), given);
    case 'too_big':
      return tooBig(param, issue.origin, Number(issue.maximum), given);
    case 'invalid_value':
      return invalidRequest(
        `Invalid value: '${String(given)}'. Supported values are: ${listed(issue.values.map(String))}.`,
        param,
        'invalid_value',
      );
    case 'invalid_type':
      if (given === undefined)
        return invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
      return invalidRequest(
        `Invalid type for '${param}': expected ${article(issue.expected)}, but got ${article(typeName(given))} instead.`,
        param,
        'invalid_type',
      );
    case 'invalid_format':
      return invalidRequest(
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${patternOf(issue)}'.`,
        param,
        'invalid_value',
      );
    case 'invalid_union': {
      const options: unknown = Reflect.get(issue, 'options');
      const holder = param.replace(/\.type$/, '');
      if (given === undefined)
        return invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
      return Array.isArray(options)
        ? invalidRequest(
            `Invalid value: '${String(given)}'. Supported values are: ${listed(options.map(String))}.`,
            holder,
            'invalid_value',
          )
        : invalidRequest(`Invalid value for '${param}'.`, param, 'invalid_value');
    }
    default:
      return invalidRequest(`Invalid value for '${param}'.`, param, 'invalid_value');
  }
}

/** A pattern without the slashes JavaScript writes around it. */
function patternOf(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  return String(issue.pattern ?? '').replace(/^\/|\/[a-z]*$/g, '');
}

/** Of a union's failures the one of the alternative the caller meant: furthest into the value, and not merely of another type. */
function deepestIssue(issue: Extract<Issue, { code: 'invalid_union' }>): Issue | null {
  const closeness = (item: Issue): number => item.path.length * 2 + (item.code === 'invalid_type' ? 0 : 1);
  const candidates = issue.errors.flatMap((issues) => issues.slice(0, 1));
  return candidates.sort((left, right) => closeness(right) - closeness(left))[0] ?? null;
}

/** Something below its minimum, an empty array included. */
export function tooSmall(param: string, origin: string, minimum: number, given: unknown): WireError {
  if (origin === 'array') {
    return invalidRequest(
      `Invalid '${param}': empty array. Expected an array with minimum length ${minimum}, but got an empty array instead.`,
      param,
      'empty_array',
    );
  }
  if (origin === 'string') {
    return invalidRequest(
      `Invalid '${param}': empty string. Expected a string with minimum length ${minimum}, but got an empty string instead.`,
      param,
      'empty_string',
    );
  }
  const sort = origin === 'int' || Number.isInteger(given) ? 'integer' : 'decimal';
  return invalidRequest(
    `Invalid '${param}': ${sort} below minimum value. Expected a value >= ${minimum}, but got ${String(given)} instead.`,
    param,
    `${sort}_below_min_value`,
  );
}

function tooBig(param: string, origin: string, maximum: number, given: unknown): WireError {
  if (origin === 'array') {
    const length = Array.isArray(given) ? given.length : 0;
    return invalidRequest(
      `Invalid '${param}': array too long. Expected an array with maximum length ${maximum}, but got an array with length ${length} instead.`,
      param,
      'array_above_max_length',
    );
  }
  if (origin === 'string') {
    const length = typeof given === 'string' ? given.length : 0;
    return invalidRequest(
      `Invalid '${param}': string too long. Expected a string with maximum length ${maximum}, but got a string with length ${length} instead.`,
      param,
      'string_above_max_length',
    );
  }
  const sort = origin === 'int' || param === 'n' || param === 'top_logprobs' ? 'integer' : 'decimal';
  return invalidRequest(
    `Invalid '${param}': ${sort} above maximum value. Expected a value <= ${maximum}, but got ${String(given)} instead.`,
    param,
    `${sort}_above_max_value`,
  );
}

function paramOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    body,
  );
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'decimal';
  return typeof value;
}

function article(name: string): string {
  const told = name === 'int' ? 'integer' : name === 'number' ? 'decimal' : name;
  if (told === 'null') return told;
  return `${/^[aeiou]/.test(told) ? 'an' : 'a'} ${told}`;
}

function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
}
