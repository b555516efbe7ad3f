/*
 * Google reads JSON by the rules of protocol buffers: names in lowerCamelCase or snake_case, numbers also as text, one value where a list is
 * expected, and an error for every name the message does not have. A description of the messages is all this reader knows.
 */

/** What a field may hold. `value` is any JSON and is not looked into. */
export type ProtoType =
  | { readonly kind: 'string' | 'bytes' | 'int32' | 'float' | 'bool' | 'value' | 'struct' }
  | { readonly kind: 'enum'; readonly name: string; readonly values: readonly string[] }
  | { readonly kind: 'message'; readonly name: string; readonly fields: () => ProtoFields; readonly oneof?: Oneof }
  | { readonly kind: 'list'; readonly of: ProtoType }
  | { readonly kind: 'map'; readonly of: ProtoType };

/** Fields by their name in lowerCamelCase. */
export type ProtoFields = Readonly<Record<string, ProtoType>>;

/** Fields of which a message holds at most one. */
export interface Oneof {
  readonly name: string;
  readonly fields: ReadonlySet<string>;
}

/** One complaint, as `google.rpc.BadRequest` lists them. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** The value with every name in lowerCamelCase and every enum in capitals; complaints are added to `violations`. */
export function readProto(type: ProtoType, value: unknown, path: string, violations: FieldViolation[]): unknown {
  const wrong = (typeName: string): undefined => {
    violations.push({ field: path, description: `Invalid value at '${path}' (${typeName}), ${JSON.stringify(value)}` });
    return undefined;
  };
  switch (type.kind) {
    case 'value':
      return value;
    case 'struct':
      return isRecord(value) ? value : wrong('type.googleapis.com/google.protobuf.Struct');
    case 'string':
      return typeof value === 'string' ? value : wrong('TYPE_STRING');
    case 'bytes':
      return typeof value === 'string' && isBase64(value) ? value : wrong('TYPE_BYTES');
    case 'bool':
      return typeof value === 'boolean' ? value : wrong('TYPE_BOOL');
    case 'int32':
      return isNumeric(value) && Number.isInteger(Number(value)) ? Number(value) : wrong('TYPE_INT32');
    case 'float':
      return isNumeric(value) ? Number(value) : wrong('TYPE_FLOAT');
    case 'enum': {
      const known = type.values.find((item) => typeof value === 'string' && item === value.toUpperCase());
      return known ?? wrong(googleType(type.name));
    }
    case 'list':
      return (Array.isArray(value) ? value : [value]).map((item, index) =>
        readProto(type.of, item, `${path}[${index}]`, violations),
      );
    case 'map':
      if (!isRecord(value)) return wrong('Map');
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, readProto(type.of, item, `${path}[${key}]`, violations)]),
      );
    case 'message':
      return isRecord(value) ? readMessage(type, value, path, violations) : wrong(googleType(type.name));
  }
}

function readMessage(
  type: Extract<ProtoType, { kind: 'message' }>,
  value: Readonly<Record<string, unknown>>,
  path: string,
  violations: FieldViolation[],
): Record<string, unknown> {
  const fields = type.fields();
  const read: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const name = camel(key);
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      violations.push(unknownName(key, path, 'Cannot find field.'));
      continue;
    }
    if (item === null) continue;
    if (Array.isArray(item) && field.kind !== 'list' && field.kind !== 'value') {
      violations.push(unknownName(key, path, 'Proto field is not repeating, cannot start list.'));
      continue;
    }
    const taken =
      type.oneof?.fields.has(name) === true
        ? Object.keys(read).find((other) => type.oneof?.fields.has(other))
        : undefined;
    if (taken !== undefined)
      violations.push({
        field: path,
        description: `Invalid value at '${path}' (oneof), oneof field '${type.oneof?.name}' is already set. Cannot set '${name}'`,
      });
    read[name] = readProto(field, item, path === '' ? snake(key) : `${path}.${snake(key)}`, violations);
  }
  return read;
}

function unknownName(key: string, path: string, reason: string): FieldViolation {
  const where = path === '' ? '' : ` at '${path}'`;
  return {
    field: path,
    description: `Invalid JSON payload received. Unknown name ${JSON.stringify(key)}${where}: ${reason}`,
  };
}

function googleType(name: string): string {
  return `type.googleapis.com/google.ai.generativelanguage.v1beta.${name}`;
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumeric(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
}

/** Both alphabets of base64, padded or not. */
function isBase64(text: string): boolean {
  return /^[\w+/-]*={0,2}$/.test(text);
}
