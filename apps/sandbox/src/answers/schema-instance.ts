import { type Dice, rollBetween } from './dice.js';
import { excerptOf } from './excerpt.js';
import { stringFor } from './schema-string.js';
import { numbersIn, properNamesIn, topicsOf } from './topics.js';

/** A JSON Schema as a client sends it: an object of keywords, or true/false. */
export type Schema = Readonly<Record<string, unknown>>;

/** What an instance takes from the prompt, so that arguments look as if the question had been understood. */
export interface Hints {
  readonly text: string;
  readonly names: string[];
  readonly numbers: number[];
  readonly words: string[];
  readonly subject: string;
}

/** Collects the names, numbers, telling words and subject of a prompt; the lists are used up as values are taken from them. */
export function hintsOf(prompt: string): Hints {
  const text = excerptOf(prompt);
  const topics = topicsOf(text);
  return {
    text,
    names: properNamesIn(text),
    numbers: numbersIn(text),
    words: [topics.subject, ...topics.words],
    subject: topics.subject,
  };
}

/** State of one instance: the root for `$ref`, the hints still unused, the dice. */
interface Making {
  readonly root: Schema;
  readonly hints: Hints;
  readonly dice: Dice;
}

const deepest = 12;

/** A value that is valid against the schema (JSON Schema 2020-12 as OpenAI's structured outputs document it). */
export function instanceOf(schema: unknown, hints: Hints, dice: Dice): unknown {
  const root = asSchema(schema);
  return make(root, '', { root, hints, dice }, 0);
}

function make(given: Schema, name: string, making: Making, depth: number): unknown {
  const schema = resolved(given, making.root, 0);
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return chosenFrom(schema['enum'], making);
  const alternative = alternativeOf(schema, making, depth);
  if (alternative !== null) return make(alternative, name, making, depth);
  switch (typeOf(schema, depth)) {
    case 'object':
      return makeObject(schema, making, depth);
    case 'array':
      return makeArray(schema, name, making, depth);
    case 'integer':
      return makeNumber(schema, true, making);
    case 'number':
      return makeNumber(schema, false, making);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return stringFor(schema, name, making.hints, making.dice);
  }
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function resolved(schema: Schema, root: Schema, hops: number): Schema {
  const reference = schema['$ref'];
  const parts = Array.isArray(schema['allOf'])
    ? schema['allOf'].map((part) => resolved(asSchema(part), root, hops + 1))
    : [];
  if (parts.length > 0) return mergeAll([{ ...schema, allOf: undefined }, ...parts]);
  if (typeof reference !== 'string' || hops > deepest) return schema;
  const target = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((key) => key !== '')
    .reduce<unknown>((at, key) => asSchema(at)[decodeURIComponent(key).replace(/~1/g, '/').replace(/~0/g, '~')], root);
  const { $ref: _reference, ...siblings } = schema;
  return resolved({ ...asSchema(target), ...siblings }, root, hops + 1);
}

function mergeAll(schemas: readonly Schema[]): Schema {
  const properties = schemas.flatMap((schema) => Object.entries(asSchema(schema['properties'])));
  const required = schemas.flatMap((schema) => listOf(schema['required']));
  return {
    ...Object.assign({}, ...schemas),
    ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The alternative of anyOf/oneOf to follow; deep inside a recursive schema the one that ends soonest. */
function alternativeOf(schema: Schema, making: Making, depth: number): Schema | null {
  const alternatives = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])].map((item) =>
    resolved(asSchema(item), making.root, 0),
  );
  if (alternatives.length === 0) return null;
  const ending =
    alternatives.find((item) => item['type'] === 'null') ??
    alternatives.find((item) => item['type'] !== 'object' && item['type'] !== 'array');
  const chosen = (depth > 4 ? ending : undefined) ?? alternatives[0];
  const { anyOf: _anyOf, oneOf: _oneOf, ...siblings } = schema;
  return chosen === undefined ? null : mergeAll([siblings, chosen]);
}

function chosenFrom(values: readonly unknown[], making: Making): unknown {
  const lower = making.hints.text.toLowerCase();
  const mentioned = values.find(
    (value) => typeof value === 'string' && value !== '' && lower.includes(value.toLowerCase()),
  );
  return mentioned ?? values[0];
}

function typeOf(schema: Schema, depth: number): unknown {
  const type = schema['type'];
  if (Array.isArray(type)) return depth > 4 && type.includes('null') ? 'null' : type.find((item) => item !== 'null');
  if (type !== undefined) return type;
  if ('properties' in schema || 'additionalProperties' in schema) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return 'number';
  return 'string';
}

function makeObject(schema: Schema, making: Making, depth: number): Record<string, unknown> {
  const required = new Set(listOf(schema['required']));
  const all = Object.entries(asSchema(schema['properties']));
  const wanted = all.filter(([key]) => required.has(key) || (depth < 3 && isHinted(key, making)));
  const chosen = wanted.length > 0 || required.size > 0 || depth > 3 ? wanted : all;
  const made: Record<string, unknown> = {};
  for (const [key, property] of chosen) made[key] = make(asSchema(property), key, making, depth + 1);
  for (const key of required)
    if (typeof key === 'string' && !(key in made)) made[key] = stringFor({}, key, making.hints, making.dice);
  return made;
}

function isHinted(key: string, making: Making): boolean {
  return key.length > 2 && making.hints.text.toLowerCase().includes(key.toLowerCase().replace(/_/g, ' '));
}

function makeArray(schema: Schema, name: string, making: Making, depth: number): unknown[] {
  const prefix = listOf(schema['prefixItems']).map((item) => make(asSchema(item), name, making, depth + 1));
  const fewest = Number(schema['minItems'] ?? 0);
  const most = Number(schema['maxItems'] ?? Math.max(fewest, 3));
  const count = Math.max(fewest, Math.min(most, depth > 4 ? fewest : 2));
  const rest = Array.from({ length: Math.max(0, count - prefix.length) }, () =>
    make(asSchema(schema['items']), name, making, depth + 1),
  );
  return schema['uniqueItems'] === true ? distinct([...prefix, ...rest]) : [...prefix, ...rest];
}

function distinct(items: readonly unknown[]): unknown[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function makeNumber(schema: Schema, whole: boolean, making: Making): number {
  const step = typeof schema['multipleOf'] === 'number' ? schema['multipleOf'] : 0;
  const margin = whole || step >= 1 ? 1 : 0.001;
  const lowest = Math.max(
    numberAt(schema, 'minimum', Number.NEGATIVE_INFINITY),
    numberAt(schema, 'exclusiveMinimum', Number.NEGATIVE_INFINITY) + margin,
  );
  const highest = Math.min(
    numberAt(schema, 'maximum', Number.POSITIVE_INFINITY),
    numberAt(schema, 'exclusiveMaximum', Number.POSITIVE_INFINITY) - margin,
  );
  const fits = (value: number): boolean =>
    value >= lowest &&
    value <= highest &&
    (!whole || Number.isInteger(value)) &&
    (step === 0 || Number.isInteger(value / step));
  const hinted = making.hints.numbers.findIndex(fits);
  const [fromPrompt] = hinted >= 0 ? making.hints.numbers.splice(hinted, 1) : [];
  if (fromPrompt !== undefined) return fromPrompt;
  const from = Number.isFinite(lowest) ? lowest : Math.min(1, highest);
  const to = Number.isFinite(highest) ? highest : from + 99;
  if (step > 0) return Math.min(Math.ceil(from / step) + rollBetween(making.dice, 0, 3), Math.floor(to / step)) * step;
  return whole
    ? rollBetween(making.dice, Math.ceil(from), Math.floor(to))
    : Number((from + making.dice() * (to - from)).toPrecision(3)) || from;
}

function numberAt(schema: Schema, key: string, otherwise: number): number {
  const value = schema[key];
  return typeof value === 'number' ? value : otherwise;
}
