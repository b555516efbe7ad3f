/*
 * Structured output takes a part of JSON Schema only (https://platform.claude.com/docs/en/build-with-claude/structured-outputs):
 * closed objects, no bounds on numbers, texts and lists.
 */

const refusedByType: Readonly<Record<string, readonly string[]>> = {
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  string: ['minLength', 'maxLength'],
  array: ['maxItems', 'uniqueItems'],
};
const mostDepth = 64;

/** Why a schema is refused, in the vendor's words; null for one it takes. */
export function closedSchemaError(schema: unknown, depth = 0): string | null {
  if (typeof schema !== 'object' || schema === null || depth > mostDepth) return null;
  if (Array.isArray(schema)) return firstError(schema, depth);
  const type: unknown = Reflect.get(schema, 'type');
  if (type === 'object' && Reflect.get(schema, 'additionalProperties') !== false)
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  const refused = (refusedByType[String(type)] ?? []).filter((key) => key in schema);
  if (type === 'array' && Number(Reflect.get(schema, 'minItems') ?? 0) > 1) refused.push('minItems');
  if (refused.length > 0)
    return `For '${String(type)}' type, properties ${refused.sort().join(', ')} are not supported`;
  const named = ['properties', '$defs', 'definitions'].flatMap((key) =>
    Object.values(Object(Reflect.get(schema, key))),
  );
  const listed = ['items', 'anyOf', 'allOf'].map((key): unknown => Reflect.get(schema, key));
  return firstError([...named, ...listed], depth);
}

function firstError(schemas: readonly unknown[], depth: number): string | null {
  for (const schema of schemas) {
    const message = closedSchemaError(schema, depth + 1);
    if (message !== null) return message;
  }
  return null;
}
