import type { JsonObject } from '../openai-chat/wire.js';
import { Fields } from './fields.js';
import { type Form, fieldText } from './multipart.js';

/**
 * The plain fields of a form as the members of an object, so that they are read and refused by name like those of a JSON body. Numbers and booleans
 * are what their text says; a field that stands twice is refused.
 */
export function formFields(
  form: Form,
  {
    texts,
    numbers = [],
    booleans = [],
  }: { texts: readonly string[]; numbers?: readonly string[]; booleans?: readonly string[] },
): Fields {
  const members: Record<string, unknown> = {};
  const doubtful: string[] = [];
  for (const name of [...texts, ...numbers, ...booleans]) {
    const value = fieldText(form, name);
    if (value === undefined) doubtful.push(name);
    else if (value !== null) members[name] = value;
  }
  for (const name of numbers) members[name] = numberOf(members[name]);
  for (const name of booleans) members[name] = booleanOf(members[name]);
  const fields = new Fields(members satisfies JsonObject);
  for (const name of doubtful) fields.wrong(name, `${name} must be one plain field of text.`);
  return fields;
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

function booleanOf(value: unknown): unknown {
  return value === 'true' || value === 'True' ? true : value === 'false' || value === 'False' ? false : value;
}
