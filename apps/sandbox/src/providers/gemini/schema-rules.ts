import type { GoogleSchema } from './wire.js';

const formatsByType: Readonly<Record<string, readonly string[]>> = {
  STRING: ['enum', 'date-time'],
  NUMBER: ['float', 'double'],
  INTEGER: ['int32', 'int64'],
};

/** What Google complains about in a schema it could read, each line with its place; empty for a schema it takes. */
export function schemaComplaints(schema: GoogleSchema, place: string): string[] {
  const type = String(schema['type'] ?? 'TYPE_UNSPECIFIED');
  const properties = recordOf(schema['properties']);
  const complaints: string[] = [];
  for (const [index, name] of listOf(schema['required']).entries())
    if (!(String(name) in properties)) complaints.push(`${place}.required[${index}]: property is not defined`);
  if (type === 'ARRAY' && schema['items'] === undefined) complaints.push(`${place}.items: missing field.`);
  if (schema['enum'] !== undefined && type !== 'STRING') complaints.push(`${place}.enum: only allowed for STRING type`);
  if (listOf(schema['enum']).some((value) => value === '')) complaints.push(`${place}.enum[0]: cannot be empty`);
  if (Object.keys(properties).length > 0 && type !== 'OBJECT')
    complaints.push(`${place}.properties: only allowed for OBJECT type`);
  const { format } = schema;
  const formats = formatsByType[type];
  if (typeof format === 'string' && formats !== undefined && !formats.includes(format))
    complaints.push(
      `${place}.format: only ${formats.map((each) => `'${each}'`).join(' and ')} are supported for ${type} type`,
    );
  const inner = Object.entries(properties).flatMap(([name, item]) =>
    schemaComplaints(recordOf(item), `${place}.properties[${name}]`),
  );
  const items = schema['items'] === undefined ? [] : schemaComplaints(recordOf(schema['items']), `${place}.items`);
  const alternatives = listOf(schema['anyOf']).flatMap((item, index) =>
    schemaComplaints(recordOf(item), `${place}.any_of[${index}]`),
  );
  return [...complaints, ...inner, ...items, ...alternatives];
}

/** A schema of Google as JSON Schema: types in small letters, `nullable` as one more type. */
export function jsonSchemaOf(schema: GoogleSchema): Record<string, unknown> {
  const { type, nullable, properties, items, anyOf, propertyOrdering: _order, ...rest } = schema;
  const name = typeof type === 'string' && type !== 'TYPE_UNSPECIFIED' ? type.toLowerCase() : undefined;
  return {
    ...rest,
    ...(name === undefined ? {} : { type: nullable === true ? [name, 'null'] : name }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(recordOf(properties)).map(([key, item]) => [key, jsonSchemaOf(recordOf(item))]),
          ),
        }),
    ...(items === undefined ? {} : { items: jsonSchemaOf(recordOf(items)) }),
    ...(anyOf === undefined ? {} : { anyOf: listOf(anyOf).map((item) => jsonSchemaOf(recordOf(item))) }),
  };
}

function recordOf(value: unknown): GoogleSchema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
