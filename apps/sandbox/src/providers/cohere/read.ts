import { z } from 'zod';
import { type CohereError, cohereError, unknownField } from './errors.js';

/** A body as the schema has it, or what Cohere answers: 422 for an unknown field, 400 for anything else. */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  page: string,
): { readonly kind: 'valid'; readonly request: z.output<Schema> } | CohereError {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return cohereError(400, 'invalid request body: failed to parse the request body as JSON');
  const parsed = schema.safeParse(body);
  if (parsed.success) return { kind: 'valid', request: parsed.data };
  const issue = parsed.error.issues.map(deepest).sort((left, right) => right.path.length - left.path.length)[0];
  if (issue === undefined) return cohereError(400, 'invalid request');
  const place = issue.path.map(String).join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownField(issue.keys[0] ?? '', page);
    case 'invalid_type':
      return Reflect.has(holderOf(body, issue.path), issue.path.at(-1) ?? '')
        ? cohereError(
            400,
            `invalid type: parameter ${place} is of type ${typeName(body, issue.path)} but should be of type ${issue.expected}. For proper usage, please refer to https://docs.cohere.com/reference/${page}`,
          )
        : cohereError(400, `invalid request: missing required field: ${place}`);
    case 'too_small':
      return cohereError(400, `invalid request: ${place} must be greater than or equal to ${String(issue.minimum)}`);
    case 'too_big':
      return cohereError(400, `invalid request: ${place} must be less than or equal to ${String(issue.maximum)}`);
    default:
      return cohereError(400, `invalid request: ${place} is invalid`);
  }
}

/** Of a union the complaint of the alternative that got furthest. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flatMap((issues) => issues.map(deepest))
    .sort((left, right) => weight(right) - weight(left))[0];
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}

function weight(issue: z.core.$ZodIssue): number {
  return issue.path.length * 2 + (issue.code === 'invalid_type' ? 0 : 1);
}

function holderOf(body: object, path: readonly PropertyKey[]): object {
  return path.slice(0, -1).reduce<object>((at, key) => Object(Reflect.get(at, key)), body);
}

function typeName(body: object, path: readonly PropertyKey[]): string {
  const value: unknown = Reflect.get(holderOf(body, path), path.at(-1) ?? '');
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}
