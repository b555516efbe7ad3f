/** Why a schema cannot be strict, in the vendor's words; null when it can. Every object is closed and requires all of its properties. */
export function strictSchemaError(schema: unknown, context: readonly string[] = []): string | null {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return null;
  const where = `In context=${contextText(context)}, `;
  const properties = recordOf(Reflect.get(schema, 'properties'));
  if (Reflect.get(schema, 'type') === 'object') {
    if (Reflect.get(schema, 'additionalProperties') !== false)
      return `${where}'additionalProperties' is required to be supplied and to be false.`;
    const required: unknown = Reflect.get(schema, 'required');
    const missing = Object.keys(properties).find((name) => !Array.isArray(required) || !required.includes(name));
    if (missing !== undefined)
      return `${where}'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
  }
  const inner: (readonly [readonly string[], unknown])[] = [
    ...Object.entries(properties).map(([name, item]) => [['properties', name], item] as const),
    ...Object.entries(recordOf(Reflect.get(schema, '$defs'))).map(([name, item]) => [['$defs', name], item] as const),
    ...alternativesOf(schema).map((item, index) => [['anyOf', String(index)], item] as const),
    [['items'], Reflect.get(schema, 'items')],
  ];
  for (const [path, item] of inner) {
    const error = strictSchemaError(item, [...context, ...path]);
    if (error !== null) return error;
  }
  return null;
}

function alternativesOf(schema: object): readonly unknown[] {
  const anyOf: unknown = Reflect.get(schema, 'anyOf');
  return Array.isArray(anyOf) ? anyOf : [];
}

function contextText(context: readonly string[]): string {
  const quoted = context.map((key) => `'${key}'`);
  return quoted.length === 1 ? `(${quoted[0]},)` : `(${quoted.join(', ')})`;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
