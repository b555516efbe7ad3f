import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** Values of a tagged union are named by their tag in a place: `messages.0.content.1.tool_use.id`. These hold objects that are none. */
const untagged = new Set(['input_schema', 'schema', 'format', 'task_budget', 'edits']);
/** Nor are the blocks of a system prompt: they are all text. */
const untaggedLists = new Set(['system']);

/**
 * The message of a schema's issue in the words of the vendor's validator (`max_tokens: Field required`). `value` is what was checked, `place`
 * the place it stands at.
 */
export function fieldMessage(issue: Issue, value: unknown, place: readonly PropertyKey[] = []): string {
  if (issue.code === 'invalid_union') return unionMessage(issue, value, place);
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  return `${placeOf(path, value, place)}: ${complaint(issue, valueAt(value, issue.path))}`;
}

function unionMessage(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  value: unknown,
  place: readonly PropertyKey[],
): string {
  const given = valueAt(value, issue.path);
  const inner = chosenOf(issue, given);
  if (inner !== null) return fieldMessage({ ...inner, path: [...issue.path, ...inner.path] }, value, place);
  if (given === undefined) return `${placeOf(issue.path, value, place)}: Field required`;
  const expected = optionsOf(issue)
    .map((tag) => `'${tag}'`)
    .sort()
    .join(', ');
  return `${placeOf(issue.path.slice(0, -1), value, place)}: Input tag '${String(given)}' found using 'type' does not match any of the expected tags: ${expected}`;
}

function optionsOf(issue: Extract<Issue, { code: 'invalid_union' }>): string[] {
  const options: unknown = Reflect.get(issue, 'options');
  return Array.isArray(options) ? options.map(String) : [];
}

/** Of `string | list` the failures of the alternative the caller meant. */
function chosenOf(issue: Extract<Issue, { code: 'invalid_union' }>, given: unknown): Issue | null {
  const wanted = Array.isArray(given) ? 'array' : 'string';
  const failures = issue.errors.map((issues) => issues[0]).filter((first) => first !== undefined);
  const sameType = failures.find((first) => first.code !== 'invalid_type' || first.path.length > 0);
  return (
    sameType ??
    failures.find((first) => first.code === 'invalid_type' && first.expected === wanted) ??
    failures[0] ??
    null
  );
}

function complaint(issue: Issue, given: unknown): string {
  if (issue.code === 'unrecognized_keys') return 'Extra inputs are not permitted';
  if (given === undefined) return 'Field required';
  switch (issue.code) {
    case 'invalid_type':
      return `Input should be ${wholeNumbers.has(String(issue.path.at(-1))) ? 'a valid integer' : (typeNames[issue.expected] ?? `a valid ${issue.expected}`)}`;
    case 'invalid_value':
      return `Input should be ${listed(issue.values.map(String).filter((each) => each !== 'system'))}`;
    case 'invalid_format':
      return issue.format === 'base64' ? 'invalid base64 data' : `String should match pattern '${patternOf(issue)}'`;
    case 'too_small':
      return tooSmall(issue, given);
    case 'too_big':
      return issue.origin === 'string'
        ? `String should have at most ${issue.maximum} characters`
        : `Input should be less than or equal to ${issue.maximum}`;
    default:
      return 'Input is invalid';
  }
}

function tooSmall(issue: Extract<Issue, { code: 'too_small' }>, given: unknown): string {
  if (issue.origin === 'string') return `String should have at least ${issue.minimum} character`;
  if (issue.origin === 'array')
    return `List should have at least ${issue.minimum} item after validation, not ${Array.isArray(given) ? given.length : 0}`;
  return `Input should be greater than or equal to ${issue.minimum}`;
}

/** Fields that are whole numbers; a schema only says that they are numbers when it is given something else. */
const wholeNumbers = new Set(['max_tokens', 'budget_tokens', 'top_k', 'total']);

const typeNames: Readonly<Record<string, string>> = {
  string: 'a valid string',
  number: 'a valid number',
  int: 'a valid integer',
  boolean: 'a valid boolean',
  array: 'a valid list',
  object: 'a valid dictionary',
  record: 'a valid dictionary',
};

function patternOf(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  return String(Reflect.get(issue, 'pattern') ?? '').replace(/^\/|\/[a-z]*$/g, '');
}

function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

/** The path with the tag of each tagged object on the way: not of the last, whose own field is at fault. */
function placeOf(path: readonly PropertyKey[], value: unknown, place: readonly PropertyKey[]): string {
  const named: string[] = place.map(String);
  let at = value;
  for (const [index, key] of path.entries()) {
    named.push(String(key));
    at = fieldOf(at, key);
    const tag = fieldOf(at, 'type');
    const isTagged = index < path.length - 1 && typeof tag === 'string' && path[index + 1] !== 'type';
    const holder = String(path[index - 1] ?? '');
    if (isTagged && !untagged.has(String(key)) && !untaggedLists.has(holder)) named.push(tag);
  }
  return named.join('.');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(fieldOf, value);
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
