import { isObject, text } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, OutputFormat } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { ME } from './wire.js';

/** Reads `output_config.format`, or `output_format`, its name while it was new. Null where it is neither absent nor known. */
export function decodeFormat(format: unknown): OutputFormat | null {
  if (!isObject(format) || format['type'] !== 'json_schema' || !isObject(format['schema'])) return null;
  return {
    kind: 'json_schema',
    name: text(format['name']),
    description: null,
    schema: format['schema'],
    strict: null,
  };
}

export interface WrittenFormat {
  readonly format: JsonObject | null;
  /** words for the end of the system text, where the format cannot be said otherwise */
  readonly instruction: string | null;
}

const NOTHING: WrittenFormat = { format: null, instruction: null };

/** A JSON schema is enforced by models that know how; JSON without a schema, and older models, are told in words. */
export function encodeFormat(
  { format, dialect }: CanonicalRequest,
  hasJsonSchema: boolean,
  losses: Losses,
): WrittenFormat {
  const word = callersWord(dialect, 'format');
  switch (format?.kind) {
    case undefined:
    case 'text':
      return NOTHING;
    case 'json_object':
      losses.approximated(word);
      return { format: null, instruction: 'Answer with one JSON object and nothing else.' };
    case 'json_schema': {
      if (format.name !== null || format.description !== null) losses.dropped(`${word}.name`);
      if (hasJsonSchema)
        return { format: schemaFormat(format.schema, word, dialect === ME, losses), instruction: null };
      losses.approximated(word);
      const schema = JSON.stringify(format.schema);
      return {
        format: null,
        instruction: `Answer with one JSON value that matches this JSON schema, and nothing else:\n${schema}`,
      };
    }
  }
}

function schemaFormat(schema: JsonObject, word: string, isOwn: boolean, losses: Losses): JsonObject {
  if (isOwn) return { type: 'json_schema', schema };
  const fitted = fitSchema(schema);
  if (fitted !== schema) losses.approximated(word);
  return { type: 'json_schema', schema: fitted };
}

/** Keywords that the vendor's grammar compiler answers with 400: they become words of the description, as in its own SDKs. */
const UNENFORCED = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const;

/** Names below these keywords are the caller's, not keywords. */
const NAMED_SCHEMAS: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'patternProperties']);
/** What stands below these is data, not a schema. */
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required']);

/** The schema as the vendor enforces it: objects closed, limits in words. The same object where nothing had to change. `$ref`s are not followed. */
export function fitSchema(schema: JsonObject): JsonObject {
  const inner = mapMembers(schema, (key, value) => {
    if (DATA.has(key)) return value;
    if (NAMED_SCHEMAS.has(key) && isObject(value)) return mapMembers(value, (_name, one) => fitValue(one));
    return fitValue(value);
  });
  return closed(withoutLimits(inner));
}

function fitValue(value: unknown): unknown {
  if (isObject(value)) return fitSchema(value);
  if (!Array.isArray(value)) return value;
  const fitted = value.map(fitValue);
  return fitted.every((one, index) => one === value[index]) ? value : fitted;
}

function mapMembers(source: JsonObject, fit: (key: string, value: unknown) => unknown): JsonObject {
  let changed: Record<string, unknown> | null = null;
  for (const key in source) {
    const value = fit(key, source[key]);
    if (value === source[key]) continue;
    changed ??= { ...source };
    changed[key] = value;
  }
  return changed ?? source;
}

function withoutLimits(schema: JsonObject): JsonObject {
  const minItems = typeof schema['minItems'] === 'number' && schema['minItems'] > 1 ? ['minItems'] : [];
  const limits = [...UNENFORCED, ...minItems].filter((name) => schema[name] !== undefined);
  if (limits.length === 0) return schema;
  const rest: Record<string, unknown> = { ...schema };
  for (const name of limits) delete rest[name];
  const said = limits.map((name) => `${name}: ${JSON.stringify(schema[name])}`).join(', ');
  const description = text(schema['description']);
  return { ...rest, description: description === null ? `{${said}}` : `${description} {${said}}` };
}

function closed(schema: JsonObject): JsonObject {
  const isOpen = schema['type'] === 'object' && schema['additionalProperties'] !== false;
  return isOpen ? { ...schema, additionalProperties: false } : schema;
}
