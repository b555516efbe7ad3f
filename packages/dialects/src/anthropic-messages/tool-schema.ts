import { isObject, objects } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

const NO_ARGUMENTS: JsonObject = { type: 'object', properties: {} };
const COMBINERS = ['anyOf', 'oneOf', 'allOf'] as const;

export interface FittedSchema {
  readonly schema: JsonObject;
  /** something of it is not said any more */
  readonly isChanged: boolean;
}

/**
 * A tool's schema as this vendor takes it: an object on top (T07), without alternatives there; `$defs` and everything deeper stay as they are (T06).
 * Alternatives on top become one object with the properties of all of them, none of which is required by itself.
 */
export function fitToolSchema(parameters: JsonObject | null): FittedSchema {
  if (parameters === null) return { schema: NO_ARGUMENTS, isChanged: false };
  const combiner = COMBINERS.find((name) => Array.isArray(parameters[name]));
  if (combiner !== undefined) return { schema: joined(parameters), isChanged: true };
  if (parameters['type'] === 'object') return { schema: parameters, isChanged: false };
  const { type: _type, ...rest } = parameters;
  const hasOtherType = parameters['type'] !== undefined;
  return { schema: { type: 'object', ...rest }, isChanged: hasOtherType };
}

function joined(parameters: JsonObject): JsonObject {
  const { anyOf, oneOf, allOf, type: _type, ...rest } = parameters;
  const branches = [anyOf, oneOf, allOf].flatMap(objects);
  const properties: Record<string, unknown> = {};
  for (const branch of [rest, ...branches])
    if (isObject(branch['properties'])) Object.assign(properties, branch['properties']);
  return { type: 'object', ...rest, properties };
}
