import { z } from 'zod';
import { type BedrockError, bedrockError, validationError } from './errors.js';

/** A body as the schema has it, or what AWS's web framework answers before the service looks at it. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): { readonly kind: 'valid'; readonly request: z.output<Schema> } | BedrockError {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return serializationError(null);
  const given = withoutNulls(body);
  const parsed = schema.safeParse(given);
  if (parsed.success) return { kind: 'valid', request: parsed.data };
  const wrongType = parsed.error.issues.find((issue) => isOfWrongType(issue, given));
  if (wrongType !== undefined) return serializationError(typeMessage(wrongType, valueAt(given, wrongType.path)));
  const told = parsed.error.issues.map((issue) => constraintOf(issue, given));
  const count = `${told.length} validation error${told.length === 1 ? '' : 's'} detected: `;
  return validationError(`${count}${told.join('; ')}`);
}

/** The body is no JSON the operation can read. */
export function serializationError(message: string | null): BedrockError {
  return bedrockError(400, 'SerializationException', message ?? 'Unexpected token in the request body.');
}

/** Members whose value is a document of the caller's own, where null means null. */
const documents = new Set(['input', 'json', 'additionalModelRequestFields']);

/** AWS reads a member that is null as one that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, documents.has(key) ? item : withoutNulls(item)]),
  );
}

type Issue = z.core.$ZodIssue;

function isOfWrongType(issue: Issue, body: unknown): boolean {
  if (issue.code === 'invalid_format') return issue.format === 'base64';
  return issue.code === 'invalid_type' && valueAt(body, issue.path) !== undefined;
}

function typeMessage(issue: Issue, given: unknown): string {
  if (issue.code === 'invalid_format') return 'Invalid Base64 in the request body.';
  const expected = issue.code === 'invalid_type' ? issue.expected : 'value';
  if (issue.path.at(-1) === 'maxTokens') return `${tokenName(given)} can not be converted to an Integer`;
  const names: Readonly<Record<string, string>> = {
    int: 'Integer',
    number: 'Float',
    string: 'String',
    boolean: 'Boolean',
  };
  if (expected === 'object' || expected === 'array')
    return `Unexpected token in the request body: expected ${expected === 'array' ? 'a list' : 'a structure'}.`;
  return `${tokenName(given)} can not be converted to ${expected === 'string' ? 'a' : 'an'} ${names[expected] ?? expected}`;
}

function tokenName(value: unknown): string {
  if (Array.isArray(value)) return 'START_ARRAY';
  switch (typeof value) {
    case 'string':
      return 'STRING_VALUE';
    case 'number':
      return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
    case 'boolean':
      return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
    default:
      return 'START_OBJECT';
  }
}

function constraintOf(issue: Issue, body: unknown): string {
  const given = valueAt(body, issue.path);
  const value = given === undefined ? 'null' : typeof given === 'object' ? JSON.stringify(given) : `'${String(given)}'`;
  return `Value ${value} at '${memberPath(issue.path)}' failed to satisfy constraint: ${rule(issue)}`;
}

function rule(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      return `Member must have ${measureOf(issue.origin)} greater than or equal to ${String(issue.minimum)}`;
    case 'too_big':
      return `Member must have ${measureOf(issue.origin)} less than or equal to ${String(issue.maximum)}`;
    case 'invalid_value':
      return `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${'pattern' in issue ? String(issue.pattern).replace(/^\/\^?|\$?\/$/g, '') : issue.format}`;
    default:
      return 'Member must not be null';
  }
}

function measureOf(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'length' : 'value';
}

/** Lists count from one in these messages: `messages.1.member.role`. */
function memberPath(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `${key + 1}.member` : String(key))).join('.');
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    body,
  );
}
