import { isObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

/** What older models take: Google's subset of OpenAPI 3.0. Everything else they answer with 400. */
const KEPT = new Set([
  'title',
  'description',
  'enum',
  'maxItems',
  'minItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'default',
  'nullable',
  'propertyOrdering',
]);
const FORMATS = new Set(['float', 'double', 'int32', 'int64', 'date-time', 'enum']);
/** Keywords that are handled by name and are no loss. */
const HANDLED = new Set([
  'type',
  'properties',
  'required',
  'items',
  'anyOf',
  'oneOf',
  'allOf',
  'const',
  '$ref',
  '$defs',
  'definitions',
  '$schema',
  '$id',
  '$comment',
  'format',
]);
/** References that unfold into more than this are cut: a schema of a few hundred bytes can stand for billions of nodes. */
const NODES_MAX = 2_000;
const DEPTH_MAX = 48;
/** references to references */
const HOPS_MAX = 16;

export interface ConvertedSchema {
  readonly schema: JsonObject;
  /** keywords that could not be said, each once */
  readonly dropped: readonly string[];
}

/** A JSON schema in Google's subset: references resolved, cycles cut, what is unknown left out (T06, T12, T13). Always ends. */
export function toGoogleSchema(schema: JsonObject): ConvertedSchema {
  const conversion = new Conversion(schema);
  return { schema: conversion.node(schema, 0), dropped: [...conversion.dropped] };
}

class Conversion {
  readonly dropped = new Set<string>();
  readonly #root: JsonObject;
  readonly #open = new Set<JsonObject>();
  #nodes = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  node(schema: JsonObject, depth: number): JsonObject {
    this.#nodes += 1;
    const isCycle = this.#open.has(schema);
    if (isCycle || this.#nodes > NODES_MAX || depth > DEPTH_MAX) {
      this.dropped.add('$ref');
      return { type: 'OBJECT' };
    }
    this.#open.add(schema);
    const converted = this.#convert(this.#flat(schema), depth);
    this.#open.delete(schema);
    return converted;
  }

  /** The schema with its reference and its `allOf` put into it. What is written beside them wins. */
  #flat(schema: JsonObject, hops = 0): JsonObject {
    const target = typeof schema['$ref'] === 'string' ? this.#resolve(schema['$ref']) : null;
    const all = Array.isArray(schema['allOf']) ? schema['allOf'].filter(isObject) : [];
    if (target === null && all.length === 0) return schema;
    const { $ref: _ref, allOf: _all, ...own } = schema;
    const merged: Record<string, unknown> = {};
    for (const part of [...(target === null ? [] : [target]), ...all, own]) mergeInto(merged, part);
    if (target !== null && this.#open.has(target)) {
      this.dropped.add('$ref');
      return { type: 'object', ...(typeof own['description'] === 'string' ? { description: own['description'] } : {}) };
    }
    if (typeof merged['$ref'] !== 'string') return merged;
    if (hops < HOPS_MAX) return this.#flat(merged, hops + 1);
    this.dropped.add('$ref');
    return merged;
  }

  #resolve(reference: string): JsonObject | null {
    let found: unknown = reference.startsWith('#') ? this.#root : null;
    for (const step of reference.split('/').slice(1)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      found = isObject(found) && Object.hasOwn(found, name) ? found[name] : null;
    }
    if (!isObject(found)) this.dropped.add('$ref');
    return isObject(found) ? found : null;
  }

  #convert(schema: JsonObject, depth: number): JsonObject {
    const branches = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(branches)) return this.#union(schema, branches.filter(isObject), depth);
    const types = typesOf(schema);
    if (types.names.length > 1) {
      const { type: _type, ...rest } = schema;
      const each = types.names.map((type) => ({ ...rest, type }));
      return { ...(types.isNullable ? { nullable: true } : {}), anyOf: each.map((one) => this.node(one, depth + 1)) };
    }
    const converted: Record<string, unknown> = {};
    const type = types.names[0] ?? impliedType(schema);
    if (type !== null) converted['type'] = type.toUpperCase();
    if (types.isNullable) converted['nullable'] = true;
    for (const key in schema) this.#keyword(converted, key, schema[key], type);
    this.#children(converted, schema, depth);
    return converted;
  }

  #keyword(converted: Record<string, unknown>, key: string, value: unknown, type: string | null): void {
    if (key === 'const') return this.#enumeration(converted, [value], type);
    if (key === 'enum') return this.#enumeration(converted, value, type);
    if (key === 'format') {
      if (typeof value === 'string' && FORMATS.has(value)) converted['format'] = value;
      else this.dropped.add('format');
      return;
    }
    if (KEPT.has(key)) converted[key] = value;
    else if (!HANDLED.has(key)) this.dropped.add(key);
  }

  /** Only texts can be enumerated, none of them empty, and not nothing at all. */
  #enumeration(converted: Record<string, unknown>, values: unknown, type: string | null): void {
    const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string' && value !== '') : [];
    const isWhole = Array.isArray(values) && texts.length === values.filter((value) => value !== null).length;
    if (!isWhole || texts.length === 0) this.dropped.add('enum');
    if (texts.length === 0 || (type !== null && type !== 'string')) return;
    converted['type'] = 'STRING';
    converted['enum'] = texts;
  }

  #children(converted: Record<string, unknown>, schema: JsonObject, depth: number): void {
    const { properties, items, required } = schema;
    if (isObject(properties)) {
      const children: Record<string, unknown> = {};
      for (const name in properties) {
        const child = properties[name];
        children[name] = isObject(child) ? this.node(child, depth + 1) : { type: 'STRING' };
      }
      converted['properties'] = children;
      if (Array.isArray(required)) converted['required'] = required.filter((name) => Object.hasOwn(children, name));
    }
    if (isObject(items)) converted['items'] = this.node(items, depth + 1);
    else if (converted['type'] === 'ARRAY') converted['items'] = { type: 'STRING' };
  }

  /** A union of one with null is that one, nullable; a real union stands alone: siblings of `anyOf` are refused. */
  #union(schema: JsonObject, branches: readonly JsonObject[], depth: number): JsonObject {
    const { anyOf: _any, oneOf: _one, ...siblings } = schema;
    const real = branches.filter((branch) => branch['type'] !== 'null');
    const nullable = real.length < branches.length ? { nullable: true } : {};
    const [only] = real;
    if (real.length === 1 && only !== undefined)
      return { ...this.node({ ...only, ...siblings }, depth + 1), ...nullable };
    const { type: _type, ...shared } = siblings;
    return { ...nullable, anyOf: real.map((branch) => this.node({ ...shared, ...branch }, depth + 1)) };
  }
}

function mergeInto(merged: Record<string, unknown>, part: JsonObject): void {
  for (const key in part) {
    const [before, value] = [merged[key], part[key]];
    if (key === 'properties' && isObject(before) && isObject(value)) merged[key] = { ...before, ...value };
    else if (key === 'required' && Array.isArray(before) && Array.isArray(value))
      merged[key] = [...new Set([...before, ...value])];
    else merged[key] = value;
  }
}

function typesOf(schema: JsonObject): { readonly names: readonly string[]; readonly isNullable: boolean } {
  const { type } = schema;
  const all = (Array.isArray(type) ? type : [type]).filter((name): name is string => typeof name === 'string');
  const names = all.filter((name) => name !== 'null');
  return { names, isNullable: names.length < all.length };
}

function impliedType(schema: JsonObject): string | null {
  if (isObject(schema['properties'])) return 'object';
  return isObject(schema['items']) ? 'array' : null;
}

const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']);

/**
 * Google's subset as a JSON schema: types in lower case, `nullable` as a type, numbers as numbers (int64 is text in protobuf's JSON), and the
 * properties in the order `propertyOrdering` gave them. What already is a JSON schema stays as it is.
 */
export function fromGoogleSchema(schema: JsonObject): JsonObject {
  const read: Record<string, unknown> = {};
  for (const key in schema) readKeyword(read, key, schema[key]);
  if (schema['nullable'] === true && typeof read['type'] === 'string') read['type'] = [read['type'], 'null'];
  const order = schema['propertyOrdering'];
  const { properties } = read;
  if (Array.isArray(order) && isObject(properties)) read['properties'] = inOrder(properties, order);
  return read;
}

function readKeyword(read: Record<string, unknown>, key: string, value: unknown): void {
  if (key === 'nullable' || key === 'propertyOrdering') return;
  if (key === 'format' && value === 'enum') return;
  if (key === 'type' && typeof value === 'string') {
    if (value !== 'TYPE_UNSPECIFIED') read[key] = value.toLowerCase();
  } else if (key === 'properties' && isObject(value))
    read[key] = Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name, isObject(child) ? fromGoogleSchema(child) : child]),
    );
  else if ((key === 'items' || key === 'additionalProperties' || key === 'not') && isObject(value))
    read[key] = fromGoogleSchema(value);
  else if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value))
    read[key] = value.map((child: unknown) => (isObject(child) ? fromGoogleSchema(child) : child));
  else if (COUNTS.has(key) && typeof value === 'string' && /^\d+$/.test(value)) read[key] = Number(value);
  else read[key] = value;
}

function inOrder(properties: JsonObject, order: readonly unknown[]): JsonObject {
  const names = order.filter((name): name is string => typeof name === 'string' && Object.hasOwn(properties, name));
  return Object.fromEntries(
    [...new Set([...names, ...Object.keys(properties)])].map((name) => [name, properties[name]]),
  );
}
